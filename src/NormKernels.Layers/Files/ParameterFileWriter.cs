using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Text;

using NormKernels.Layers.Files;
using NormKernels.Layers.Files.Numpy;
using NormKernels.Layers.Files.Safetensors;

namespace NormKernels.Layers;

/// <summary>Collects named tensors and writes them to a file that PyTorch's users can read.</summary>
public sealed class ParameterFileWriter
{
    private static readonly UTF8Encoding StrictUtf8 =
        new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly List<StoredTensor> _tensors = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    /// <summary>The names of the tensors, in the order in which they were added.</summary>
    public IReadOnlyList<string> Names => [.. _tensors.Select(tensor => tensor.Name)];

    /// <summary>Adds a copy of a tensor.</summary>
    /// <typeparam name="T">float, Half, BFloat16, double or long.</typeparam>
    /// <param name="name">The name, <c>model.norm.weight</c> for instance.</param>
    /// <param name="elements">The elements, row by row.</param>
    /// <param name="shape">The length of every axis; none for a scalar.</param>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty, no Unicode, reserved, or that of a tensor
    /// that has been added; or the shape does not hold as many elements as there are.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is none of these.</exception>
    public void Add<T>(string name, ReadOnlySpan<T> elements, params ReadOnlySpan<long> shape)
        where T : unmanaged
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        RequireName(name);
        if (!NpyArray.TryCountElements(shape, out long count) || count != elements.Length)
        {
            throw new ArgumentException(
                $"The shape {ParameterInfo.Format(shape)} does not hold {elements.Length} elements.", nameof(shape));
        }

        StoredTensor<T> tensor = new(name, elements.ToArray(), shape.ToArray());
        if (!_names.Add(name))
        {
            throw new ArgumentException($"There is a tensor {ErrorText.QuoteName(name)} already.", nameof(name));
        }

        _tensors.Add(tensor);
    }

    /// <summary>Writes a file, replacing what is there; equal tensors give equal bytes. The file appears under its name
    /// when it is complete.</summary>
    /// <param name="path">A file that ends in <c>.safetensors</c> or <c>.npz</c>; BFloat16 becomes float32 in the
    /// latter, which has no such type.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> ends in neither.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public void Write(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        bool safetensors = ParameterFile.IsSafetensors(path);
        string full = Path.GetFullPath(path);
        string temporary = Path.Combine(
            Path.GetDirectoryName(full)!, $".{Path.GetFileName(full)}.{Guid.NewGuid():N}.tmp");
        try
        {
            if (safetensors)
            {
                using FileStream stream = File.Create(temporary);
                SafetensorsWriter.Write(stream, _tensors);
            }
            else
            {
                // Stored, as numpy.savez does: numbers like these hardly shrink.
                NpzArchive.Write(
                    temporary,
                    _tensors.Select(tensor => KeyValuePair.Create(tensor.Name, tensor.ToNpy())),
                    CompressionLevel.NoCompression);
            }

            File.Move(temporary, full, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private static void RequireName(string name)
    {
        try
        {
            _ = StrictUtf8.GetByteCount(name);
        }
        catch (EncoderFallbackException e)
        {
            throw new ArgumentException($"The name {ErrorText.QuoteName(name)} is not Unicode.", nameof(name), e);
        }

        if (name == SafetensorsHeader.Metadata)
        {
            throw new ArgumentException($"{name} is the name of the metadata in a .safetensors file.", nameof(name));
        }
    }
}
