using System;
using System.Collections.Generic;
using System.IO;

using NormKernels.Layers.Files;
using NormKernels.Layers.Files.Safetensors;

namespace NormKernels.Layers;

/// <summary>
/// A file of named tensors, <c>.safetensors</c> or <c>.npz</c>: a PyTorch checkpoint, or what
/// <see cref="ParameterFileWriter"/> has written.
/// </summary>
/// <remarks>
/// <para>Opening reads the list of tensors; a tensor is read from the file when it is asked for, and no other. Nothing
/// a file says is believed before it has been held against the file: a damaged or hostile one gives an
/// <see cref="InvalidDataException"/> of one line, and takes memory for what it holds, not for what it claims.</para>
/// <para>Any number of threads may read.</para>
/// </remarks>
public abstract class ParameterFile : IDisposable
{
    private protected ParameterFile(string path) => Path = path;

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The names of the tensors, in the order of the file.</summary>
    public abstract IReadOnlyList<string> Names { get; }

    /// <summary>Opens a file and lists its tensors.</summary>
    /// <param name="path">A file that ends in <c>.safetensors</c> or <c>.npz</c>.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> ends in neither.</exception>
    /// <exception cref="InvalidDataException">The file is not what its name says; one line says what was
    /// found.</exception>
    /// <exception cref="IOException">There is no such file, or it cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static ParameterFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return IsSafetensors(path) ? SafetensorsFile.Open(path) : new NpzParameterFile(path);
    }

    /// <summary>Whether there is a tensor of this name.</summary>
    public abstract bool Contains(string name);

    /// <summary>What the file says of a tensor.</summary>
    /// <exception cref="InvalidDataException">There is none of this name, or its description breaks the
    /// format.</exception>
    /// <exception cref="ObjectDisposedException">The file has been closed.</exception>
    public abstract ParameterInfo Describe(string name);

    /// <summary>Reads a tensor into memory of the caller.</summary>
    /// <typeparam name="T">float, Half, BFloat16 or double for floating-point numbers, each rounded once to nearest
    /// even if it has to be; long for integers.</typeparam>
    /// <param name="name">The name.</param>
    /// <param name="destination">Room for exactly as many elements as the tensor has.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> has another length.</exception>
    /// <exception cref="InvalidDataException">There is no tensor of this name, its elements are of a type that does not
    /// become <typeparamref name="T"/>, or the file is damaged.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is none of these.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The file has been closed.</exception>
    public void Read<T>(string name, Span<T> destination)
        where T : unmanaged
    {
        ParameterInfo info = Require<T>(name);
        if (destination.Length != info.Count)
        {
            throw new ArgumentException(
                $"There is room for {destination.Length} elements; {ErrorText.QuoteName(name)} has {info.Count}.",
                nameof(destination));
        }

        ReadElements(info, destination);
    }

    /// <summary>Reads a tensor.</summary>
    /// <inheritdoc cref="Read{T}(string, Span{T})" path="/typeparam"/>
    /// <param name="name">The name.</param>
    /// <returns>Its elements, row by row.</returns>
    /// <exception cref="InvalidDataException">There is no tensor of this name, it has more elements than an array
    /// holds, they are of a type that does not become <typeparamref name="T"/>, or the file is damaged.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is none of these.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="ObjectDisposedException">The file has been closed.</exception>
    public T[] Read<T>(string name)
        where T : unmanaged
    {
        ParameterInfo info = Require<T>(name);
        if (info.Count > Array.MaxLength)
        {
            throw Error(name, $"has {info.Count} elements; at most {Array.MaxLength} are accepted");
        }

        return ReadElements<T>(info);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes the file.</summary>
    /// <param name="disposing">Whether this is <see cref="Dispose()"/>.</param>
    protected virtual void Dispose(bool disposing)
    {
    }

    internal static bool IsSafetensors(string path) => path switch
    {
        _ when path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase) => true,
        _ when path.EndsWith(".npz", StringComparison.OrdinalIgnoreCase) => false,
        _ => throw new ArgumentException(
            $"{ErrorText.Quote(path)} ends neither in .safetensors nor in .npz.", nameof(path)),
    };

    internal InvalidDataException Error(string name, string what) =>
        new($"{Path}: tensor {ErrorText.QuoteName(name)}: {what}");

    private protected abstract void ReadElements<T>(ParameterInfo info, Span<T> destination)
        where T : unmanaged;

    private protected abstract T[] ReadElements<T>(ParameterInfo info)
        where T : unmanaged;

    private ParameterInfo Require<T>(string name)
        where T : unmanaged
    {
        string wanted = ElementConversion.NameOf<T>();
        ParameterInfo info = Describe(name);
        return ElementConversion.CanConvert<T>(info.Dtype)
            ? info
            : throw Error(
                name,
                $"is stored as {ErrorText.Quote(info.Dtype)}, which does not become {wanted}; "
                + $"{ElementConversion.Readable} are read");
    }
}
