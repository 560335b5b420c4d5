using System;

using BenchmarkDotNet.Attributes;

namespace NormKernels.Bench.Norms;

/// <summary>LayerNorm and RMSNorm beside a copy of x to y, which moves the same bytes as forward.</summary>
public class RowNormBench
{
    private float[] _x = [];
    private float[] _dy = [];
    private float[] _y = [];
    private float[] _weight = [];
    private float[] _bias = [];
    private float[] _dweight = [];
    private float[] _dbias = [];
    private byte[] _workspace = [];
    private RowShape _shape;

    [Params(1, 64, 4096)]
    public int Rows { get; set; }

    [Params(256, 1024, 4096)]
    public int Cols { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        Random random = new(1);
        _shape = new RowShape(Rows, Cols);
        _x = Normal(random, Rows * Cols);
        _dy = Normal(random, Rows * Cols);
        _y = new float[Rows * Cols];
        _weight = Normal(random, Cols);
        _bias = Normal(random, Cols);
        _dweight = new float[Cols];
        _dbias = new float[Cols];
        _workspace = new byte[RmsNorm.BackwardWorkspaceSize(_shape)];
    }

    [Benchmark(Baseline = true)]
    public void Copy() => _x.AsSpan().CopyTo(_y);

    [Benchmark]
    public void RmsNormForward() => RmsNorm.Forward(_x, _y, _shape, _weight);

    [Benchmark]
    public void LayerNormForward() => LayerNorm.Forward(_x, _y, _shape, _weight, _bias);

    [Benchmark]
    public void LayerNormBackward() =>
        LayerNorm.Backward(_dy, _x, _y, _shape, _weight, dweight: _dweight, dbias: _dbias, workspace: _workspace);

    [Benchmark]
    public void LayerNormJvp() => LayerNorm.Jvp(_dy, _x, _y, _shape, _weight);

    private static float[] Normal(Random random, int count)
    {
        float[] values = new float[count];
        foreach (ref float value in values.AsSpan())
        {
            value = MathF.Sqrt(-2 * MathF.Log(1 - random.NextSingle())) * MathF.Cos(2 * MathF.PI * random.NextSingle());
        }

        return values;
    }
}
