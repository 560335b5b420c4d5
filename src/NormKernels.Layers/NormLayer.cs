using System;
using System.Collections.Generic;
using System.Linq;

using NormKernels.Cuda;
using NormKernels.Layers.Files;
using NormKernels.Layers.Memory;
using NormKernels.Validation;

namespace NormKernels.Layers;

/// <summary>What all layers have: a place for their parameters, gradients, and a way into and out of files.</summary>
/// <remarks>
/// <para><b>Where.</b> Parameters, gradients and all that a layer keeps between calls are in the computer's memory, or
/// on the CUDA device that the constructor was given. Calls take spans there, a stream and device buffers here; the
/// others throw an <see cref="InvalidOperationException"/> that says where the parameters are. Calls on a device
/// enqueue their work and return.</para>
/// <para><b>Training.</b> As in PyTorch a layer starts with <see cref="IsTraining"/> true: a forward pass then keeps
/// the statistics that its backward pass needs, which uses them up. A backward pass that finds none for its shape
/// computes them again from its input, with the same bits. So backward passes may follow several forward passes of one
/// layer in reverse order, but not in any other while shapes are the same. Backward passes add to the gradients of the
/// parameters until <see cref="ZeroGradients()"/>, and overwrite those of the input.</para>
/// <para><b>Memory.</b> What is kept grows to the largest call and stays: after the first call of a shape a call
/// allocates nothing. So make it once before capturing it in a CUDA graph.</para>
/// <para><b>Threads.</b> With <see cref="IsTraining"/> false a forward pass keeps nothing and writes nothing but its
/// outputs: any number of threads may call it at a time. Forward passes in training, and all backward passes, are for
/// one thread at a time: a second gets an <see cref="InvalidOperationException"/>. On a device their streams have to be
/// one, or wait for one another. Nothing may change the parameters, or <see cref="IsTraining"/>, under a call.</para>
/// </remarks>
/// <typeparam name="T">float, Half or BFloat16: of tensors and parameters. Statistics and gradients of parameters are
/// float32.</typeparam>
public abstract class NormLayer<T> : IDisposable
    where T : unmanaged
{
    private readonly List<LayerTensor<T>> _parameters = [];
    private readonly List<LayerTensor<float>> _gradients = [];
    private readonly List<LayerTensor> _state = [];
    private DeviceBuffer<float>[]? _zeros;
    private int _turn;
    private bool _disposed;

    private protected NormLayer(double epsilon, CudaDevice? device)
    {
        _ = Require.Dtype<T>(nameof(T));
        Require.Epsilon(epsilon, nameof(epsilon));
        (Epsilon, Device) = (epsilon, device);
    }

    /// <summary>Where the parameters are; null: in the computer's memory.</summary>
    public CudaDevice? Device { get; }

    /// <summary>What keeps the division from ending in 0, of the norm's own kind.</summary>
    public double Epsilon { get; }

    /// <summary>Whether forward passes are followed by backward passes; true at first, as in PyTorch. Set it to false
    /// for inference.</summary>
    public bool IsTraining { get; set; } = true;

    /// <summary>What is trained: none, the weight, or weight and bias.</summary>
    public IReadOnlyList<LayerTensor<T>> Parameters => _parameters;

    /// <summary>The gradients of <see cref="Parameters"/>, in the same order; zeros at first.</summary>
    public IReadOnlyList<LayerTensor<float>> ParameterGradients => _gradients;

    /// <summary>What is saved: the parameters, and running statistics where the layer has them.</summary>
    public IReadOnlyList<LayerTensor> State => _state;

    /// <summary>Whether there are parameters, so that a backward pass has gradients to add up.</summary>
    private protected bool HasParameters => _parameters.Count != 0;

    /// <summary>Workspaces of calls on a device.</summary>
    private protected DeviceWorkspaces Workspaces { get; } = new();

    /// <summary>Sets the gradients of the parameters to zero, in the computer's memory.</summary>
    /// <exception cref="InvalidOperationException">They are on a device, or another thread is in a training
    /// call.</exception>
    /// <exception cref="ObjectDisposedException">The layer has been disposed.</exception>
    public void ZeroGradients()
    {
        RequireHost();
        using TrainingTurn turn = TakeTurn();
        foreach (LayerTensor<float> gradient in _gradients)
        {
            gradient.Span.Clear();
        }
    }

    /// <summary>Sets the gradients of the parameters to zero, on the device. The first call waits for the
    /// stream.</summary>
    /// <param name="stream">Where the work is enqueued.</param>
    /// <exception cref="ArgumentException">The stream is one of another device.</exception>
    /// <exception cref="InvalidOperationException">They are in the computer's memory, or another thread is in a
    /// training call.</exception>
    /// <exception cref="ObjectDisposedException">The layer or the stream has been disposed.</exception>
    /// <exception cref="CudaException">CUDA reported an error.</exception>
    public void ZeroGradients(DeviceStream stream)
    {
        RequireDevice(stream);
        using TrainingTurn turn = TakeTurn();
        _zeros ??= Zeros(stream);
        for (int i = 0; i < _gradients.Count; i++)
        {
            _zeros[i].CopyTo(_gradients[i].Buffer, stream);
        }
    }

    /// <summary>Loads <see cref="State"/> from a file, by PyTorch's names. All of it is read and checked first: an
    /// error changes nothing.</summary>
    /// <param name="file">The file.</param>
    /// <param name="prefix">What comes before <c>weight</c> in the names, with its dot:
    /// <c>model.layers.0.input_layernorm.</c></param>
    /// <param name="strict">Whether it is an error that a tensor is missing, or that there are others under the prefix,
    /// as with PyTorch's <c>load_state_dict</c>. If not, what is missing keeps its value. A shape that does not fit is
    /// always an error; <c>num_batches_tracked</c>, which old files lack, never has to be there.</param>
    /// <remarks>Floating-point numbers of any type become those of the layer, rounded once to nearest even. On a device
    /// the default stream is used and waited for; other streams have to be through with the layer.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="file"/> or <paramref name="prefix"/> is
    /// null.</exception>
    /// <exception cref="System.IO.InvalidDataException">The file does not fit the layer, or is damaged; the message
    /// names the tensors.</exception>
    /// <exception cref="System.IO.IOException">The file cannot be read.</exception>
    /// <exception cref="InvalidOperationException">Another thread is in a training call.</exception>
    /// <exception cref="ObjectDisposedException">The layer has been disposed, or the file closed.</exception>
    /// <exception cref="CudaException">CUDA reported an error.</exception>
    public void Load(ParameterFile file, string prefix = "", bool strict = true)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(prefix);
        ObjectDisposedException.ThrowIf(_disposed, this);
        using TrainingTurn turn = TakeTurn();
        StateDictionary.Load(_state, file, prefix, strict ? OwnsName : null);
    }

    /// <summary>Adds copies of <see cref="State"/> to what a writer will write, under PyTorch's names.</summary>
    /// <param name="writer">The writer.</param>
    /// <param name="prefix">What comes before <c>weight</c> in the names, with its dot.</param>
    /// <remarks>On a device the default stream is used and waited for; other streams have to be through with the
    /// layer.</remarks>
    /// <exception cref="ArgumentNullException"><paramref name="writer"/> or <paramref name="prefix"/> is
    /// null.</exception>
    /// <exception cref="ArgumentException">The writer has a tensor of one of these names.</exception>
    /// <exception cref="ObjectDisposedException">The layer has been disposed.</exception>
    /// <exception cref="CudaException">CUDA reported an error.</exception>
    public void Save(ParameterFileWriter writer, string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(prefix);
        ObjectDisposedException.ThrowIf(_disposed, this);
        foreach (LayerTensor tensor in _state)
        {
            tensor.Write(writer, prefix + tensor.Name);
        }
    }

    /// <summary>Gives all memory back; on a device when the streams that use it get there.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives all memory back.</summary>
    /// <param name="disposing">Whether this is <see cref="Dispose()"/>.</param>
    protected virtual void Dispose(bool disposing)
    {
        _disposed = true;
        _state.ForEach(tensor => tensor.Free());
        Workspaces.Dispose();
        foreach (DeviceBuffer<float> zeros in _zeros ?? [])
        {
            zeros.Dispose();
        }
    }

    /// <summary>A parameter with a gradient of zeros.</summary>
    private protected LayerTensor<T> AddParameter(
        string name, ReadOnlySpan<long> shape, double value, string? formerName = null)
    {
        LayerTensor<float> gradient = new($"{name}.grad", shape, 0, Device);
        LayerTensor<T> parameter = new(name, shape, value, Device) { FormerName = formerName, Gradient = gradient };
        _parameters.Add(parameter);
        _gradients.Add(gradient);
        _state.Add(parameter);
        return parameter;
    }

    /// <summary>Running statistics, which are saved and not trained.</summary>
    private protected RunningStatistics AddRunningStatistics(long channels)
    {
        RunningStatistics running = new(channels, Device);
        _state.AddRange(running.Mean, running.Variance, running.Batches);
        return running;
    }

    /// <summary>Whether a name under the layer's prefix would be one of the layer's.</summary>
    private protected virtual bool OwnsName(string name) => true;

    /// <summary>The layer is usable, and in the computer's memory.</summary>
    private protected void RequireHost()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (Device is not null)
        {
            throw new InvalidOperationException(
                $"The layer's parameters are on device {Device.Index} ({Device.Name}): call it with a stream and "
                + "device buffers.");
        }
    }

    /// <summary>The layer is usable, and on the device of the stream.</summary>
    private protected void RequireDevice(DeviceStream stream)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(stream);
        if (Device is null)
        {
            throw new InvalidOperationException(
                "The layer's parameters are in the computer's memory: call it with spans.");
        }

        int device = stream.Device;
        if (device != Device.Index)
        {
            throw new ArgumentException(
                $"The stream is one of device {device}, the layer's parameters are on {Device.Index}.", nameof(stream));
        }
    }

    /// <summary>Until it is disposed no other thread may train the layer.</summary>
    /// <exception cref="InvalidOperationException">Another thread does.</exception>
    private protected TrainingTurn TakeTurn() => new(ref _turn);

    // What the gradients are copied from.
    private DeviceBuffer<float>[] Zeros(DeviceStream stream) =>
    [
        .. _gradients.Select(gradient =>
        {
            DeviceBuffer<float> zeros = new(gradient.Count, stream);
            zeros.CopyFrom(new float[gradient.Count], stream);
            return zeros;
        }),
    ];
}
