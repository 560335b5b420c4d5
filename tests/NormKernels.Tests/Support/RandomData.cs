using System;
using System.Linq;

namespace NormKernels.Tests.Support;

/// <summary>Numbers that look random and are the same in every run.</summary>
internal sealed class RandomData
{
    private readonly Random _random;

    public RandomData(string name, params ReadOnlySpan<int> seeds)
    {
        int seed = name.Aggregate(17, (hash, c) => unchecked(hash * 31 + c));
        foreach (int part in seeds)
        {
            seed = unchecked(seed * 31 + part);
        }

        _random = new Random(seed);
    }

    public bool Coin() => _random.Next(2) == 0;

    public int Below(int limit) => _random.Next(limit);

    /// <summary>About normal, of mean 0 and variance 1, within 3.5 of 0.</summary>
    public double Normal()
    {
        long bits = _random.NextInt64();
        double sum = (bits & 0x7FFF) + (bits >> 15 & 0x7FFF) + (bits >> 30 & 0x7FFF) + (bits >> 45 & 0x7FFF);
        return (sum / 0x8000 - 2) * Math.Sqrt(3);
    }

    public double[] Normals(int count, double mean = 0, double deviation = 1)
    {
        double[] values = new double[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = mean + deviation * Normal();
        }

        return values;
    }
}
