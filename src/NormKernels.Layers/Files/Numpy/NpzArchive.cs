using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Threading;

namespace NormKernels.Layers.Files.Numpy;

/// <summary>
/// NumPy's .npz format: a zip archive of .npy members, stored or deflated, each read when it is asked for. Threads may
/// share an archive.
/// </summary>
internal sealed class NpzArchive : IDisposable
{
    private const string MemberSuffix = ".npy";
    private const int MaxListedKeys = 20;

    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly ZipArchive _zip;
    private readonly Dictionary<string, ZipArchiveEntry> _members = new(StringComparer.Ordinal);
    private readonly List<string> _keys = [];

    private NpzArchive(string path, ZipArchive zip)
    {
        _path = path;
        _zip = zip;
        foreach (ZipArchiveEntry entry in zip.Entries)
        {
            if (!entry.FullName.EndsWith(MemberSuffix, StringComparison.Ordinal))
            {
                continue;
            }

            string key = entry.FullName[..^MemberSuffix.Length];
            if (!_members.TryAdd(key, entry))
            {
                throw new InvalidDataException($"holds the array {ErrorText.Quote(key)} twice");
            }

            _keys.Add(key);
        }
    }

    /// <summary>The names of the arrays, in the order of the archive.</summary>
    public ReadOnlyCollection<string> Keys => _keys.AsReadOnly();

    /// <summary>Whether there is an array of this name.</summary>
    public bool Contains(string key) => _members.ContainsKey(key);

    /// <summary>Opens an archive and lists it; the arrays are not read yet.</summary>
    /// <exception cref="InvalidDataException">It is not such an archive; the message names it.</exception>
    public static NpzArchive Open(string path)
    {
        if (Directory.Exists(path))
        {
            throw new InvalidDataException($"{path}: is a directory where a .npz file is expected");
        }

        FileStream stream = File.OpenRead(path);
        ZipArchive? zip = null;
        try
        {
            zip = new ZipArchive(stream, ZipArchiveMode.Read);
            return new NpzArchive(path, zip);
        }
        catch (Exception e)
        {
            zip?.Dispose();
            stream.Dispose();
            if (e is InvalidDataException)
            {
                throw new InvalidDataException($"{path}: is not a readable .npz archive ({e.Message})", e);
            }

            throw;
        }
    }

    /// <summary>Writes the arrays to a file, replacing what is there; equal arrays give equal bytes.</summary>
    /// <exception cref="ArgumentException">A key occurs twice.</exception>
    public static void Write(
        string path,
        IEnumerable<KeyValuePair<string, NpyArray>> arrays,
        CompressionLevel compression = CompressionLevel.Optimal)
    {
        // The earliest time a zip can hold, as numpy.savez writes it.
        DateTimeOffset timestamp = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);
        HashSet<string> keys = new(StringComparer.Ordinal);
        using ZipArchive zip = new(File.Create(path), ZipArchiveMode.Create);
        foreach ((string key, NpyArray array) in arrays)
        {
            if (!keys.Add(key))
            {
                throw new ArgumentException($"the array {ErrorText.Quote(key)} is given twice", nameof(arrays));
            }

            ZipArchiveEntry entry = zip.CreateEntry(key + MemberSuffix, compression);
            entry.LastWriteTime = timestamp;
            using Stream member = entry.Open();
            NpyFile.Write(member, array);
        }
    }

    /// <summary>Reads one array.</summary>
    /// <exception cref="InvalidDataException">There is none of that name, or it cannot be read.</exception>
    public NpyArray Read(string key, bool integers = false) =>
        Read(key, (member, name) => NpyFile.Read(member, name, integers));

    /// <summary>Reads what one array is, and no more of it than that takes.</summary>
    /// <inheritdoc cref="Read(string, bool)" path="/exception"/>
    public NpyHeader ReadHeader(string key) =>
        Read(key, (member, name) => NpyFile.ReadHeader(member, name, integers: true));

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _zip.Dispose();
        }
    }

    private TResult Read<TResult>(string key, Func<Stream, string, TResult> read)
    {
        if (!_members.TryGetValue(key, out ZipArchiveEntry? entry))
        {
            throw new InvalidDataException($"{_path}: holds no array {ErrorText.Quote(key)}; it holds {ListKeys()}");
        }

        string name = $"{_path}: array {ErrorText.Quote(key)}";
        if (entry.IsEncrypted)
        {
            throw new InvalidDataException($"{name}: is encrypted");
        }

        // The members share one file position.
        lock (_gate)
        {
            Stream opened;
            try
            {
                opened = entry.Open();
            }
            catch (InvalidDataException e)
            {
                throw new InvalidDataException($"{name}: cannot be unpacked ({e.Message})", e);
            }

            using Crc32CheckedStream member = new(opened, entry.Crc32, name);
            return read(member, name);
        }
    }

    private string ListKeys()
    {
        string listed = string.Join(", ", _keys.Take(MaxListedKeys).Select(key => ErrorText.Quote(key)));
        return _keys.Count == 0 ? "none"
            : _keys.Count <= MaxListedKeys ? listed
            : $"{listed} and {_keys.Count - MaxListedKeys} more";
    }
}
