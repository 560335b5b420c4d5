using System;

namespace NormKernels.Tests.House.Guide;

/// <summary>An error, in the guide.</summary>
internal static class ErrorsExample
{
    public static void Run()
    {
        // begin
        try
        {
            RmsNorm.Forward(new float[8], new float[7], new RowShape(rows: 2, cols: 4));
        }
        catch (ArgumentException e)
        {
            Console.WriteLine($"{e.ParamName}: {e.Message}");  // y: y has 7 elements, expected 2 rows x 4 columns = 8. (Parameter 'y')
        }
        // end
    }
}
