namespace NormKernels;

/// <summary>How a call runs on the CPU. None of it changes a bit of the result.</summary>
public readonly record struct CpuOptions
{
    /// <summary>
    /// How many threads may work on the call: the calling one and threads of the .NET thread pool. 0 and 1 mean the
    /// calling thread alone, -1 as many as there are processors. Small calls use fewer.
    /// </summary>
    public int MaxDegreeOfParallelism { get; init; }

    /// <summary>The instruction set to run on; by default the best that is available.</summary>
    public InstructionSet InstructionSet { get; init; }
}

/// <summary>Instruction sets that the kernels are built for, those of x86-64 in rising order.</summary>
public enum InstructionSet
{
    /// <summary>The best that is available.</summary>
    Best = 0,

    /// <summary>Any x86-64 or arm64 processor.</summary>
    Scalar = 1,

    /// <summary>AVX2, FMA and F16C.</summary>
    Avx2 = 2,

    /// <summary>AVX-512 F, BW, VL and DQ.</summary>
    Avx512 = 3,

    /// <summary>NEON (Advanced SIMD), which every arm64 processor has.</summary>
    Neon = 4,
}
