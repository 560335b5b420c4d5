using System;

using ManagedCuda;
using ManagedCuda.BasicTypes;
using ManagedCuda.CudaBlas;

using NormKernels.Cuda;

using Blas = ManagedCuda.CudaBlas.CudaBlas;

namespace NormKernels.ManagedCuda;

/// <summary>The norm in front of a <see cref="NormLinear{T}"/>.</summary>
public enum LinearNorm
{
    /// <summary>RMSNorm.</summary>
    Rms = 0,

    /// <summary>LayerNorm.</summary>
    Layer = 1,
}

/// <summary>
/// What a transformer's block starts with: <c>h = x + residual</c>, its norm, and a linear layer of that by cuBLAS,
/// <c>y = norm(h) weight^T</c>, one behind the other on one stream.
/// </summary>
/// <remarks>
/// <para>A call enqueues and returns; it allocates nothing and waits for nothing, so that it can be captured in a CUDA
/// graph. The graph uses the memory of this object, which has to stay as long as the graph, and may not run twice at a
/// time.</para>
/// <para>One thread at a time, as with every cuBLAS handle.</para>
/// </remarks>
/// <typeparam name="T">float, Half or BFloat16: of all tensors. Products are summed in float32.</typeparam>
public sealed unsafe class NormLinear<T> : IDisposable
    where T : unmanaged
{
    // What cuBLAS would take for itself on Hopper; with less it passes over its fastest kernels. Its own workspace
    // would be allocated while a graph is captured.
    private const long WorkspaceBytes = 32L << 20;

    private const int FirstVersion = 12;

    private readonly PrimaryContext _context;
    private readonly LinearNorm _norm;
    private readonly double _epsilon;
    private readonly DeviceStream _stream;
    private readonly DeviceBuffer<T> _normalized;
    private readonly DeviceBuffer<byte> _workspace;
    private readonly Blas _blas;
    private bool _disposed;

    /// <summary>Takes memory for the norm and a cuBLAS handle.</summary>
    /// <param name="context">The context to work in; becomes the calling thread's.</param>
    /// <param name="stream">The stream to work on; has to stay until this is disposed.</param>
    /// <param name="norm">Which norm.</param>
    /// <param name="rows">The most rows of a call.</param>
    /// <param name="features">Columns of x.</param>
    /// <param name="outputs">Columns of y.</param>
    /// <param name="epsilon">The norm's epsilon; 0 or more.</param>
    /// <exception cref="ArgumentNullException"><paramref name="context"/> or <paramref name="stream"/> is
    /// null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive, or more than cuBLAS takes (31 bits);
    /// <paramref name="epsilon"/> is negative or NaN; <paramref name="norm"/> is none.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is none of the three.</exception>
    /// <exception cref="DllNotFoundException">A library is missing: that of NormKernels, or cuBLAS.</exception>
    /// <exception cref="NormKernels.Cuda.CudaException">CUDA or cuBLAS reported an error.</exception>
    public NormLinear(
        PrimaryContext context,
        CudaStream stream,
        LinearNorm norm,
        int rows,
        int features,
        int outputs,
        double epsilon = 1e-5)
    {
        LinearArguments.Require<T>(norm, rows, features, outputs, epsilon);
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(stream);
        (_context, _norm, _epsilon) = (context, norm, epsilon);
        (Rows, Features, Outputs) = (rows, features, outputs);
        try
        {
            context.SetCurrent();
            _stream = stream.View(context);
            _blas = OpenBlas();
            _normalized = new((long)rows * features, _stream);
            _workspace = new(WorkspaceBytes, _stream);
            // In this order: cuBLAS lets go of a workspace when it is given a stream.
            _blas.Stream = stream.Stream;
            using CudaDeviceVariable<byte> workspace = _workspace.View();
            _blas.SetWorkspace(workspace);
        }
        catch (Exception e)
        {
            Dispose();
            if (e is not DllNotFoundException && ManagedCudaDevice.Translate(e) is { } translated)
            {
                throw translated;
            }

            throw;
        }
    }

    /// <summary>The most rows of a call.</summary>
    public int Rows { get; }

    /// <summary>Columns of x.</summary>
    public int Features { get; }

    /// <summary>Columns of y.</summary>
    public int Outputs { get; }

    /// <summary>Enqueues <c>h = x + residual; y = norm(h) weight^T</c>.</summary>
    /// <param name="x">Input, [rows, features].</param>
    /// <param name="residual">Added to x, [rows, features].</param>
    /// <param name="h">Receives the sum, [rows, features]; may be <paramref name="x"/> or
    /// <paramref name="residual"/>.</param>
    /// <param name="weight">The linear layer, [outputs, features].</param>
    /// <param name="y">Receives the result, [rows, outputs]; shares memory with no other argument.</param>
    /// <param name="rows">Rows of this call, at most <see cref="Rows"/>.</param>
    /// <param name="scale">The norm's weight, [features], or null for ones.</param>
    /// <param name="offset">The norm's bias, [features], or null for zeros.</param>
    /// <exception cref="ArgumentNullException">A tensor is null that has to be there.</exception>
    /// <exception cref="ArgumentException">A tensor has not as many elements as its shape says, is not memory of the
    /// context's device, or overlaps another one.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="rows"/> is negative or more than
    /// <see cref="Rows"/>.</exception>
    /// <exception cref="ObjectDisposedException">This has been disposed.</exception>
    /// <exception cref="NormKernels.Cuda.CudaException">CUDA or cuBLAS reported an error.</exception>
    public void Run(
        CudaDeviceVariable<T> x,
        CudaDeviceVariable<T> residual,
        CudaDeviceVariable<T> h,
        CudaDeviceVariable<T> weight,
        CudaDeviceVariable<T> y,
        int rows,
        CudaDeviceVariable<T>? scale = null,
        CudaDeviceVariable<T>? offset = null)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, Rows);
        LinearArguments.RequireLength(weight, (long)Outputs * Features, nameof(weight));
        LinearArguments.RequireLength(y, (long)rows * Outputs, nameof(y));
        LinearArguments.RequireApart(
            y, (x, nameof(x)), (residual, nameof(residual)), (h, nameof(h)), (weight, nameof(weight)),
            (scale, nameof(scale)), (offset, nameof(offset)));
        LinearArguments.RequireApart(h, (weight, nameof(weight)));
        if (rows == 0)
        {
            return;
        }

        using DeviceBuffer<T> normalized = _normalized.Slice(0, (long)rows * Features);
        RowShape shape = new(rows, Features);
        DeviceBuffer<T> input = x.View(_context), added = residual.View(_context), sum = h.View(_context);
        DeviceBuffer<T>? gamma = scale.View(_context), beta = offset.View(_context);
        if (_norm == LinearNorm.Rms)
        {
            Cuda.RmsNorm.AddForward(_stream, input, added, sum, normalized, shape, gamma, beta, _epsilon);
        }
        else
        {
            Cuda.LayerNorm.AddForward(_stream, input, added, sum, normalized, shape, gamma, beta, _epsilon);
        }

        Multiply(normalized, weight.View(_context), y.View(_context), rows);
    }

    /// <summary>Gives the memory back when the stream gets there, and the handle at once.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            // Any of them may be missing if the constructor has failed.
            _blas?.Dispose();
            _normalized?.Dispose();
            _workspace?.Dispose();
            _stream?.Dispose();
        }
    }

    private static Blas OpenBlas()
    {
        Blas? blas = null;
        try
        {
            blas = new();
            Version version = blas.GetVersion();
            return version.Major >= FirstVersion
                ? blas
                : throw new DllNotFoundException(
                    $"The cuBLAS that was found is of CUDA {version}, ManagedCuda needs {FirstVersion}: libcublas.so "
                    + "leads to an older one.");
        }
        catch (DllNotFoundException e) when (blas is null)
        {
            throw new DllNotFoundException(
                "cuBLAS (libcublas.so.12, cublas64_12.dll) was not found; it comes with the CUDA toolkit. " + e.Message,
                e);
        }
        catch
        {
            blas?.Dispose();
            throw;
        }
    }

    // cuBLAS counts by columns: [rows, features] by rows is [features, rows] to it, so y^T = weight norm^T.
    private void Multiply(DeviceBuffer<T> normalized, DeviceBuffer<T> weight, DeviceBuffer<T> y, int rows)
    {
        cudaDataType type = LinearArguments.TypeOf<T>();
        (float one, float zero) = (1, 0);
        CublasStatus status = CudaBlasNativeMethods.cublasGemmEx(
            _blas.CublasHandle, Operation.Transpose, Operation.NonTranspose, Outputs, rows, Features, (nint)(&one),
            Address(weight), type, Features, Address(normalized), type, Features, (nint)(&zero), Address(y), type,
            Outputs, ComputeType.Compute32F, GemmAlgo.Default);
        if (status != CublasStatus.Success)
        {
            throw ManagedCudaDevice.Translate(new CudaBlasException(status))!;
        }
    }

    private static CUdeviceptr Address(DeviceBuffer<T> buffer) => new((SizeT)(ulong)buffer.Pointer);
}
