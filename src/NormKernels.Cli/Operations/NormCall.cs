using System;

namespace NormKernels.Cli.Operations;

/// <summary>
/// One call of a norm with its shapes and parameters, which have been checked; by the kernels or by the reference. The
/// reference computes its statistics again, whatever has been saved.
/// </summary>
internal abstract class NormCall
{
    /// <summary>The shape of x.</summary>
    public required long[] Input { get; init; }

    /// <summary>The shape of y; that of x if not set.</summary>
    public long[] Output
    {
        get => field ?? Input;
        init;
    }

    /// <summary>The shape of weight, bias and running statistics.</summary>
    public long[] Parameter { get; init; } = [];

    /// <summary>The shape of statistics.</summary>
    public long[] Statistic { get; init; } = [];

    /// <summary>Bytes of scratch that the kernels need for any verb.</summary>
    public virtual long WorkspaceSize(CpuOptions options) => 0;

    /// <summary>Bytes of scratch that the kernels need on a device for any verb.</summary>
    public virtual long WorkspaceSize(DeviceTwins on) => 0;

    /// <summary>Fills y and the statistics.</summary>
    public abstract void Forward<T>(NormTensors<T, float> t, CpuOptions options)
        where T : unmanaged;

    /// <inheritdoc cref="Forward{T}(NormTensors{T, float}, CpuOptions)"/>
    public abstract void Forward<T>(NormTensors<T, float> t, DeviceTwins on)
        where T : unmanaged;

    /// <inheritdoc cref="Forward{T}(NormTensors{T, float}, CpuOptions)"/>
    public abstract void Forward(NormTensors<double, double> t);

    /// <summary>Fills the gradients.</summary>
    public abstract void Backward<T>(NormTensors<T, float> t, CpuOptions options)
        where T : unmanaged;

    /// <inheritdoc cref="Backward{T}(NormTensors{T, float}, CpuOptions)"/>
    public abstract void Backward<T>(NormTensors<T, float> t, DeviceTwins on)
        where T : unmanaged;

    /// <inheritdoc cref="Backward{T}(NormTensors{T, float}, CpuOptions)"/>
    public abstract void Backward(NormTensors<double, double> t);

    /// <summary>Fills the tangent of y.</summary>
    public abstract void Jvp<T>(NormTensors<T, float> t, CpuOptions options)
        where T : unmanaged;

    /// <inheritdoc cref="Jvp{T}(NormTensors{T, float}, CpuOptions)"/>
    public abstract void Jvp<T>(NormTensors<T, float> t, DeviceTwins on)
        where T : unmanaged;

    /// <inheritdoc cref="Jvp{T}(NormTensors{T, float}, CpuOptions)"/>
    public abstract void Jvp(NormTensors<double, double> t);
}

/// <summary>The verbs of one call of a norm, by the kernels or by the reference.</summary>
/// <inheritdoc cref="NormTensors{T, TStat}" path="/typeparam"/>
/// <param name="WorkspaceSize">Bytes of scratch that they need.</param>
/// <param name="Forward">Fills y and the statistics.</param>
/// <param name="Backward">Fills the gradients.</param>
/// <param name="Jvp">Fills the tangent of y.</param>
internal sealed record NormVerbs<T, TStat>(
    long WorkspaceSize,
    Action<NormTensors<T, TStat>> Forward,
    Action<NormTensors<T, TStat>> Backward,
    Action<NormTensors<T, TStat>> Jvp)
    where T : unmanaged
    where TStat : unmanaged;

/// <summary>The verbs of a call.</summary>
internal static class NormVerbs
{
    /// <summary>On the kernels of the processor.</summary>
    public static NormVerbs<T, float> OfCpu<T>(NormCall call, CpuOptions options)
        where T : unmanaged => new(
            call.WorkspaceSize(options),
            tensors => call.Forward(tensors, options),
            tensors => call.Backward(tensors, options),
            tensors => call.Jvp(tensors, options));

    /// <summary>On the kernels of a device, where the results stay until they are fetched.</summary>
    public static NormVerbs<T, float> OfDevice<T>(NormCall call, DeviceTwins on)
        where T : unmanaged => new(
            call.WorkspaceSize(on),
            tensors => call.Forward(tensors, on),
            tensors => call.Backward(tensors, on),
            tensors => call.Jvp(tensors, on));

    /// <summary>On the reference.</summary>
    public static NormVerbs<double, double> OfReference(NormCall call) =>
        new(WorkspaceSize: 0, call.Forward, call.Backward, call.Jvp);
}
