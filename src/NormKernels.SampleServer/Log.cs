using System;

using Microsoft.Extensions.Logging;

using NormKernels.SampleServer.Configuration;

namespace NormKernels.SampleServer;

/// <summary>What is logged.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information,
        "Serving embeddings of {Dimension} columns by {Path} norms: NormKernels {Version}, {InstructionSet}, {Library}")]
    public static partial void Serving(
        ILogger logger, int dimension, PathKind path, string version, InstructionSet instructionSet, string library);

    [LoggerMessage(2, LogLevel.Debug, "{Endpoint}: {Status}: {Detail}")]
    public static partial void Refused(ILogger logger, string endpoint, int status, string detail);

    [LoggerMessage(3, LogLevel.Debug, "{Endpoint}: the client has gone, or does not take its result")]
    public static partial void ClientGone(ILogger logger, string endpoint);

    [LoggerMessage(4, LogLevel.Information, "Stopping: not ready any more, serving for another {Delay}")]
    public static partial void Draining(ILogger logger, TimeSpan delay);

    [LoggerMessage(5, LogLevel.Information, "Stopping: {InFlight} requests in flight are waited for")]
    public static partial void Stopping(ILogger logger, int inFlight);
}
