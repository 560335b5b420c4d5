namespace NormKernels.SampleServer.Requests;

/// <summary>What the elements of a batch are.</summary>
internal enum ElementType
{
    /// <summary><c>float32</c>, and all that JSON has.</summary>
    Float32,

    /// <summary><c>float16</c>.</summary>
    Float16,

    /// <summary><c>bfloat16</c>.</summary>
    BFloat16,
}
