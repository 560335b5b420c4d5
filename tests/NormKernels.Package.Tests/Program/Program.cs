using System;

using Consumer;

using NormKernels;
using NormKernels.Cuda;
using NormKernels.Tests.House;

// Everything that the packages' READMEs show, then where the libraries came from; or one line for an exception.
try
{
    ReadmeExample.Run();
    ReadmeLayersExample.Run();
    ReadmeTensorsExample.Run();
    ReadmeReferenceExample.Run();
    Console.WriteLine($"library: {CpuBackend.LibraryPath}");
    CudaState state = CudaDevice.Availability.State;
    Console.WriteLine($"cuda: {state}");
    if (state == CudaState.Available)
    {
        ReadmeCudaExample.Run();
    }

    return 0;
}
catch (DllNotFoundException e)
{
    Console.Error.WriteLine($"{e.GetType().FullName}, within it {e.InnerException?.GetType().FullName ?? "nothing"}: {e.Message}");
    return 3;
}
