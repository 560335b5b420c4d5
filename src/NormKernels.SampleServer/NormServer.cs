using System;
using System.Collections.Generic;
using System.IO;

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

using NormKernels.SampleServer.Configuration;
using NormKernels.SampleServer.Endpoints;
using NormKernels.SampleServer.Memory;
using NormKernels.SampleServer.Monitoring;
using NormKernels.SampleServer.Norms;

namespace NormKernels.SampleServer;

/// <summary>Puts the server together.</summary>
internal static class NormServer
{
    // Short names on the command line.
    private static readonly Dictionary<string, string> Shorthands = new()
    {
        ["--path"] = $"{ServerOptions.Section}:{nameof(ServerOptions.Path)}",
        ["--dimension"] = $"{ServerOptions.Section}:{nameof(ServerOptions.Dimension)}",
    };

    /// <summary>A server that has loaded its parameters and only needs to be started.</summary>
    /// <param name="args">The command line.</param>
    /// <exception cref="OptionsValidationException">The configuration makes no sense.</exception>
    /// <exception cref="InvalidDataException">A file of parameters does not fit.</exception>
    /// <exception cref="IOException">A file of parameters cannot be read.</exception>
    /// <exception cref="DllNotFoundException">The native library is missing; the message lists what was
    /// probed.</exception>
    public static WebApplication Create(string[] args)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(
            new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        _ = builder.Configuration.AddCommandLine(args, Shorthands);
        ServerOptions options = ServerOptionsReader.Read(builder.Configuration);
        LimitOptions limits = options.Limits;
        _ = builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = limits.MaxBodyBytes;
        });
        _ = builder.Services
            .Configure<HostOptions>(host => host.ShutdownTimeout = limits.DrainDelay + limits.ShutdownTimeout)
            .AddProblemDetails()
            .AddSingleton(options)
            .AddSingleton(_ => new TensorBufferPool(limits.MaxPooledBytes))
            .AddSingleton(_ => new ConcurrencyGate(limits.MaxConcurrentRequests))
            .AddSingleton<INormPath>(_ =>
                options.Path == PathKind.Native ? new NativeNorms(options) : new ManagedNorms(options))
            .AddSingleton<ServerMetrics>()
            .AddSingleton<NormEndpoint>()
            .AddSingleton<Lifetime>()
            .AddHostedService(provider => provider.GetRequiredService<Lifetime>())
            .AddHealthChecks().AddCheck<ReadyCheck>("ready");

        WebApplication app = builder.Build();
        try
        {
            // What is wrong with the norms is found here, before the server listens.
            app.Services.GetRequiredService<NormEndpoint>().Map(app);
            (app.Services.GetRequiredService<INormPath>() as NativeNorms)?.WarmUp(
                app.Services.GetRequiredService<TensorBufferPool>());
        }
        catch
        {
            ((IDisposable)app).Dispose();
            throw;
        }

        _ = app.UseExceptionHandler();
        _ = app.MapHealthChecks("/healthz", new HealthCheckOptions { Predicate = _ => false });
        _ = app.MapHealthChecks("/readyz");
        _ = app.MapGet("/metrics", (ServerMetrics metrics) =>
            TypedResults.Text(metrics.Describe(), PrometheusText.MediaType));
        Log.Serving(
            app.Logger, options.Dimension, options.Path, CpuBackend.NativeVersion, CpuBackend.BestInstructionSet,
            CpuBackend.LibraryPath);
        return app;
    }
}
