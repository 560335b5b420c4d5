using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading;

using NormKernels.Layers.Files;
using NormKernels.Layers.Files.Numpy;

namespace NormKernels.Cli.CaseSets;

/// <summary>
/// A directory of test cases: manifest.json and the .npz (or .npy) files that it names. Loading reads the manifest;
/// tensors are read when they are asked for, from any thread, and are not kept.
/// </summary>
internal sealed class CaseSet : IDisposable
{
    private const string ManifestName = "manifest.json";

    // The version of the format that this reader knows.
    private const long Format = 2;

    private static readonly JsonDocumentOptions JsonOptions = new() { AllowDuplicateProperties = false };

    private readonly ImmutableDictionary<CaseDtype, Tolerance> _tolerances;
    private readonly Dictionary<string, NpzArchive> _archives = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private bool _disposed;

    private CaseSet(string directory, ManifestNode manifest)
    {
        DirectoryPath = directory;
        if (manifest.Find("format") is { } format && format.AsLength() > Format)
        {
            throw format.Error($"is {format.AsLength()}; this version reads up to {Format}");
        }

        Name = manifest.Find("set")?.AsString() ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(directory));
        _tolerances = (manifest.Find("tolerances")?.Members("dtype") ?? [])
            .ToImmutableDictionary(row => row.Value.ParseDtype(row.Name), row => new Tolerance(
                row.Value.Get("rtol").AsMagnitude(),
                row.Value.Get("atol_scale").AsMagnitude(),
                row.Value.Get("atol_abs").AsMagnitude()));
        HashSet<string> ids = new(StringComparer.Ordinal);
        Cases = [.. manifest.Get("cases").Items("case").Select(node => ReadCase(manifest, node, ids))];
    }

    /// <summary>The name of the set.</summary>
    public string Name { get; }

    /// <summary>The full path of the directory.</summary>
    public string DirectoryPath { get; }

    /// <summary>The cases in the order of the manifest.</summary>
    public ImmutableArray<NormCase> Cases { get; }

    /// <summary>Reads the manifest of a directory.</summary>
    /// <exception cref="InvalidDataException">There is none, or it breaks the format; one line says where.</exception>
    public static CaseSet Load(string directory)
    {
        if (!Directory.Exists(directory))
        {
            throw new InvalidDataException($"{directory}: there is no such directory");
        }

        string path = Path.Combine(directory, ManifestName);
        if (!File.Exists(path))
        {
            throw new InvalidDataException($"{directory}: holds no {ManifestName}, so it is not a set of cases");
        }

        try
        {
            using FileStream stream = File.OpenRead(path);
            using JsonDocument document = JsonDocument.Parse(stream, JsonOptions);
            return new CaseSet(Path.GetFullPath(directory), new ManifestNode(path, document.RootElement));
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path}: is not valid JSON ({e.Message})", e);
        }
        catch (InvalidOperationException e)
        {
            // A string that is not Unicode is noticed only when it is read.
            throw new InvalidDataException($"{path}: is not valid JSON ({e.Message})", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"{path}: cannot be read ({e.Message})", e);
        }
    }

    /// <summary>The row of the tolerance table for what a kernel stores.</summary>
    public Tolerance ToleranceFor(CaseDtype storage) =>
        _tolerances.TryGetValue(storage, out Tolerance row) ? row : Tolerance.Default(storage);

    /// <summary>Reads a tensor of this set.</summary>
    /// <exception cref="InvalidDataException">It is missing, unreadable or of another shape.</exception>
    public NpyArray Read(CaseTensor tensor)
    {
        string path = Path.Combine(DirectoryPath, tensor.File);
        NpyArray array;
        try
        {
            array = IsArchive(tensor.File) ? Archive(path).Read(tensor.Array!) : NpyFile.Read(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw Error(tensor, e.Message, e);
        }

        return array.Shape.SequenceEqual(tensor.Shape.AsSpan())
            ? array
            : throw Error(
                tensor,
                $"has the shape {NpyArray.FormatShape(array.Shape)} in {ErrorText.Quote(tensor.File)}, "
                + $"{NpyArray.FormatShape(tensor.Shape.AsSpan())} in the manifest");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach (NpzArchive archive in _archives.Values)
            {
                archive.Dispose();
            }

            _archives.Clear();
        }
    }

    private static NormCase ReadCase(ManifestNode manifest, ManifestNode node, HashSet<string> ids)
    {
        string id = node.Get("id").AsString();
        if (!ids.Add(id))
        {
            throw node.Error($"the id {ErrorText.Quote(id)} occurs twice");
        }

        // Results are saved as <id>.npz, so an id must not lead elsewhere.
        if (id is "" or "." or ".." || id.AsSpan().ContainsAny('/', '\\') || id.Any(char.IsControl))
        {
            throw node.Error($"the id {ErrorText.Quote(id)} cannot be the name of a file");
        }

        node = node with { Where = $"{manifest.Where}: case {ErrorText.Quote(id)}" };
        return new NormCase(
            id,
            node.Get("op").AsString(),
            node.Get("input_dtype").AsDtype(),
            [.. (node.Find("tags")?.Items("tag") ?? []).Select(tag => tag.AsString())],
            [.. (node.Find("overflows")?.Items("dtype") ?? []).Select(dtype => dtype.AsDtype())],
            new CaseAttributes(
                id,
                (node.Find("attributes")?.Members("attribute") ?? []).ToImmutableDictionary(
                    member => member.Name,
                    member => Detach(member.Value),
                    StringComparer.Ordinal)),
            [.. node.Get("tensors").Members("tensor").Select(member => ReadTensor(id, member.Name, member.Value))]);
    }

    private static JsonElement Detach(ManifestNode attribute)
    {
        if (attribute.Element.ValueKind == JsonValueKind.String)
        {
            // Text that is not Unicode should fail here, not when it is asked for.
            _ = attribute.AsString();
        }

        return attribute.Element.Clone();
    }

    private static CaseTensor ReadTensor(string caseId, string name, ManifestNode node)
    {
        string file = node.Get("file").AsString();
        string? array = node.Find("array")?.AsString();
        if (!IsInside(file))
        {
            throw node.Error($"the file {ErrorText.Quote(file)} does not lie in the directory of the set");
        }

        return array is null && IsArchive(file)
            ? throw node.Error($"lacks 'array', the key within {ErrorText.Quote(file)}")
            : new CaseTensor(
                caseId,
                name,
                file,
                array,
                node.Find("dtype")?.AsDtype(),
                [.. node.Get("shape").Items("axis").Select(length => length.AsLength())],
                ReadRole(node.Get("role")),
                node.Find("scale")?.AsMagnitude(),
                node.Find("scale_strict")?.AsMagnitude());
    }

    private static TensorRole ReadRole(ManifestNode node) => node.AsString() switch
    {
        "input" => TensorRole.Input,
        "tangent" => TensorRole.Tangent,
        "cotangent" => TensorRole.Cotangent,
        "output" => TensorRole.Output,
        "stat" => TensorRole.Stat,
        "grad" => TensorRole.Grad,
        "jvp" => TensorRole.Jvp,
        string other => throw node.Error(
            $"{ErrorText.Quote(other)} is not a role; accepted are 'input', 'tangent', 'cotangent', 'output', "
            + "'stat', 'grad' and 'jvp'"),
    };

    private static bool IsArchive(string file) => file.EndsWith(".npz", StringComparison.OrdinalIgnoreCase);

    private static bool IsInside(string file) =>
        !Path.IsPathRooted(file)
        && !file.Any(char.IsControl)
        && file.Split('/', '\\').All(part => part is not ("" or ".."));

    private static InvalidDataException Error(CaseTensor tensor, string what, Exception? inner = null) =>
        new($"case {ErrorText.Quote(tensor.CaseId)}: tensor {ErrorText.Quote(tensor.Name)}: {what}", inner);

    private NpzArchive Archive(string path)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_archives.TryGetValue(path, out NpzArchive? archive))
            {
                archive = NpzArchive.Open(path);
                _archives.Add(path, archive);
            }

            return archive;
        }
    }
}
