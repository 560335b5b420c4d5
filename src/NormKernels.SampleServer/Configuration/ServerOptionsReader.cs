using System;
using System.Collections.Generic;
using System.IO;

using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace NormKernels.SampleServer.Configuration;

/// <summary>Reads the configuration, all of it and before anything is started, and checks that it makes sense.</summary>
internal static class ServerOptionsReader
{
    // A JSON number takes two octets and becomes up to four: with this much a batch is far from 2 GiB, which is what a
    // span holds.
    private const int MostBodyBytes = 256 << 20;

    private const int MostColumns = 1 << 20;

    /// <summary>Reads it.</summary>
    /// <exception cref="OptionsValidationException">It makes no sense; all that is wrong is listed.</exception>
    public static ServerOptions Read(IConfiguration configuration)
    {
        ServerOptions options = new();
        List<string> failures;
        try
        {
            // A misspelt name is an error, or a limit that was meant to hold would not.
            configuration.GetSection(ServerOptions.Section)
                .Bind(options, binder => binder.ErrorOnUnknownConfiguration = true);
            failures = Validate(options);
        }
        catch (InvalidOperationException e)
        {
            failures = [e.InnerException is null ? e.Message : $"{e.Message} {e.InnerException.Message}"];
        }

        return failures.Count == 0
            ? options
            : throw new OptionsValidationException(ServerOptions.Section, typeof(ServerOptions), failures);
    }

    private static List<string> Validate(ServerOptions options)
    {
        List<string> failures = [];
        LimitOptions limits = options.Limits;
        Require(Enum.IsDefined(options.Path), nameof(options.Path), options.Path, "Native or Managed");
        Within(options.Dimension, 1, MostColumns, nameof(options.Dimension));
        Require(
            options.ThreadsPerRequest is -1 or (>= 1 and <= 1024), nameof(options.ThreadsPerRequest),
            options.ThreadsPerRequest, "-1 for all processors, or from 1 to 1024");
        Layer(options.RmsNorm, nameof(options.RmsNorm));
        Layer(options.LayerNorm, nameof(options.LayerNorm));
        Epsilon(options.L2Normalize.Epsilon, nameof(options.L2Normalize));
        Within(limits.MaxBodyBytes, 1, MostBodyBytes, Limit(nameof(limits.MaxBodyBytes)));
        Within(limits.MaxRows, 1, MostBodyBytes, Limit(nameof(limits.MaxRows)));
        Within(limits.MaxDimension, 1, MostColumns, Limit(nameof(limits.MaxDimension)));
        Within(limits.MaxConcurrentRequests, 1, 1 << 20, Limit(nameof(limits.MaxConcurrentRequests)));
        Within(
            limits.RequestTimeout, TimeSpan.FromMilliseconds(1), TimeSpan.FromDays(1),
            Limit(nameof(limits.RequestTimeout)));
        Within(limits.RetryAfter, TimeSpan.Zero, TimeSpan.FromDays(1), Limit(nameof(limits.RetryAfter)));
        Within(limits.DrainDelay, TimeSpan.Zero, TimeSpan.FromHours(1), Limit(nameof(limits.DrainDelay)));
        Within(limits.ShutdownTimeout, TimeSpan.Zero, TimeSpan.FromHours(1), Limit(nameof(limits.ShutdownTimeout)));
        Within(limits.MaxPooledBytes, 0L, 1L << 50, Limit(nameof(limits.MaxPooledBytes)));
        return failures;

        static string Limit(string option) => $"{nameof(options.Limits)}:{option}";

        void Layer(LayerOptions layer, string section)
        {
            Epsilon(layer.Epsilon, section);
            if (layer.File is not null)
            {
                Require(
                    Path.GetExtension(layer.File).ToUpperInvariant() is ".SAFETENSORS" or ".NPZ",
                    $"{section}:{nameof(layer.File)}", $"'{layer.File}'", "a .safetensors or .npz file");
            }
        }

        void Epsilon(double epsilon, string section) =>
            Require(
                double.IsFinite(epsilon) && epsilon >= 0, $"{section}:{nameof(L2NormalizeOptions.Epsilon)}", epsilon,
                "0 or more");

        void Within<T>(T value, T least, T most, string option)
            where T : IComparable<T> =>
            Require(value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0, option, value, $"from {least} to {most}");

        void Require(bool holds, string option, object value, string wanted)
        {
            if (!holds)
            {
                failures.Add(FormattableString.Invariant(
                    $"{ServerOptions.Section}:{option} is {value}; it has to be {wanted}."));
            }
        }
    }
}
