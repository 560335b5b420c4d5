using System;
using System.IO;
using System.Threading.Tasks;

using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Options;

namespace NormKernels.SampleServer;

/// <summary>The program.</summary>
internal static class Program
{
    /// <summary>Exit code of a configuration, or files, that do not fit.</summary>
    private const int BadConfiguration = 2;

    /// <summary>Runs the server until it is told to stop.</summary>
    public static async Task<int> Main(string[] args)
    {
        try
        {
            await using WebApplication app = NormServer.Create(args);
            await app.RunAsync();
            return 0;
        }
        catch (OptionsValidationException e)
        {
            return await FailAsync([.. e.Failures]);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException
            or DllNotFoundException)
        {
            // An address that is taken is among them.
            return await FailAsync(e.Message);
        }
    }

    private static async Task<int> FailAsync(params string[] failures)
    {
        foreach (string failure in failures)
        {
            await Console.Error.WriteLineAsync($"error: {failure}");
        }

        return BadConfiguration;
    }
}
