using System;
using System.Collections.Generic;
using System.ComponentModel.DataAnnotations;
using System.Linq;

using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace NormKernels.SampleServer.Configuration;

/// <summary>Reads the configuration, all of it and before anything is started, and checks that it makes sense.</summary>
internal static class ServerOptionsReader
{
    /// <summary>Reads it.</summary>
    /// <exception cref="OptionsValidationException">It makes no sense; all that is wrong is listed.</exception>
    public static ServerOptions Read(IConfiguration configuration)
    {
        ServerOptions options = new();
        List<string> failures = [];
        try
        {
            // A misspelt name is an error, or a limit that was meant to hold would not.
            configuration.GetSection(ServerOptions.Section)
                .Bind(options, binder => binder.ErrorOnUnknownConfiguration = true);
            Validate(options, "");
            Validate(options.RmsNorm, $"{nameof(options.RmsNorm)}:");
            Validate(options.LayerNorm, $"{nameof(options.LayerNorm)}:");
            Validate(options.Limits, $"{nameof(options.Limits)}:");
        }
        catch (InvalidOperationException e)
        {
            failures.Add(e.InnerException is null ? e.Message : $"{e.Message} {e.InnerException.Message}");
        }

        return failures.Count == 0
            ? options
            : throw new OptionsValidationException(ServerOptions.Section, typeof(ServerOptions), failures);

        void Validate(object section, string prefix)
        {
            List<ValidationResult> results = [];
            _ = Validator.TryValidateObject(section, new(section), results, validateAllProperties: true);
            failures.AddRange(results.Select(result => $"{ServerOptions.Section}:{prefix} {result.ErrorMessage}"));
        }
    }
}
