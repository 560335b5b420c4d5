using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Threading;

using NormKernels.Cuda;

namespace NormKernels.Layers.Memory;

/// <summary>
/// Workspaces for the calls of a layer on a device, one for each stream: calls on one stream run one after the other
/// and can share, if none is enqueued in the midst of another.
/// </summary>
internal sealed class DeviceWorkspaces : IDisposable
{
    // A stream that nobody has any more takes its workspace with it.
    private readonly ConditionalWeakTable<DeviceStream, Workspace> _workspaces = [];

    /// <summary>Takes the workspace of a stream until the lease is disposed: until the call has been
    /// enqueued.</summary>
    public Lease Take(long bytes, DeviceStream stream) =>
        bytes == 0 ? default : new(_workspaces.GetValue(stream, static _ => new()), bytes, stream);

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        foreach (KeyValuePair<DeviceStream, Workspace> pair in _workspaces)
        {
            lock (pair.Value.Gate)
            {
                pair.Value.Bytes.Dispose();
            }
        }
    }

    /// <summary>A workspace for one call; null if it needs none.</summary>
    public readonly ref struct Lease : IDisposable
    {
        private readonly Workspace? _workspace;

        public Lease(Workspace workspace, long bytes, DeviceStream stream)
        {
            _workspace = workspace;
            workspace.Gate.Enter();
            try
            {
                Buffer = workspace.Bytes.OnDevice(bytes, stream);
            }
            catch
            {
                workspace.Gate.Exit();
                throw;
            }
        }

        public DeviceBuffer<byte>? Buffer { get; }

        public void Dispose() => _workspace?.Gate.Exit();
    }

    internal sealed class Workspace
    {
        public Lock Gate { get; } = new();

        public Scratch<byte> Bytes { get; } = new();
    }
}
