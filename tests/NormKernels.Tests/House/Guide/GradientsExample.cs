using System;

namespace NormKernels.Tests.House.Guide;

/// <summary>Gradients, in the guide.</summary>
internal static class GradientsExample
{
    public static void Run()
    {
        // begin
        float[] x = [1, 2, 3, 6], weight = [1, 2], y = new float[4], rstd = new float[2];
        float[] dy = [1, 0, 0, 1], dx = new float[4], dweight = new float[2];
        RowShape shape = new(rows: 2, cols: 2);

        RmsNorm.Forward(x, y, shape, weight, rstd: rstd);                      // rstd saves backward a pass over x
        byte[] workspace = new byte[RmsNorm.BackwardWorkspaceSize(shape)];     // once a shape; small ones need none
        RmsNorm.Backward(dy, x, dx, shape, weight, rstd: rstd, dweight: dweight, workspace: workspace);
        RmsNorm.Backward(dy, x, dx, shape, weight, rstd: rstd, dweight: dweight, workspace: workspace, accumulate: true);
        Console.WriteLine($"{dx[0]:F4} {dweight[1]:F4}");  // 0.5060 2.5298
        // end
    }
}
