using System;

using NormKernels.SampleServer.Memory;
using NormKernels.SampleServer.Requests;

namespace NormKernels.SampleServer.Norms;

/// <summary>Calls every norm once, so that the first client does not wait for code to be compiled.</summary>
internal static class WarmUp
{
    /// <summary>Calls them.</summary>
    public static void Run(INormPath norms, TensorBufferPool buffers, int dimension)
    {
        Batch batch = new(buffers);
        foreach (ElementType type in Enum.GetValues<ElementType>())
        {
            foreach (NormKind norm in Enum.GetValues<NormKind>())
            {
                Run(hasResidual: false);
                if (norm != NormKind.L2Normalize)
                {
                    Run(hasResidual: true);
                }

                void Run(bool hasResidual)
                {
                    batch.Begin(type, dimension);
                    batch.Reserve(used: 0, 2L * dimension * Element.SizeOf(type));
                    batch.Memory.Clear();
                    (batch.Rows, batch.HasResidual) = (1, hasResidual);
                    norms.Run(norm, batch);
                }
            }
        }

        batch.Clear();
    }
}
