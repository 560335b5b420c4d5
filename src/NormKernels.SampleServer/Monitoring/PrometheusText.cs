using System.Globalization;
using System.Text;

namespace NormKernels.SampleServer.Monitoring;

/// <summary>Writes the text format of Prometheus, version 0.0.4.</summary>
internal sealed class PrometheusText
{
    /// <summary>Its media type.</summary>
    public const string MediaType = "text/plain; version=0.0.4";

    private readonly StringBuilder _text = new();

    /// <summary>A number as Prometheus reads it.</summary>
    public static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>Starts a metric.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">counter, gauge or histogram.</param>
    /// <param name="help">What it is.</param>
    public void Metric(string name, string type, string help) =>
        _text.Append("# HELP ").Append(name).Append(' ').Append(help).Append('\n')
            .Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    /// <summary>A value of the metric.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="labels">Its labels, without braces; or empty.</param>
    /// <param name="value">The value.</param>
    public void Sample(string name, string labels, double value)
    {
        _ = _text.Append(name);
        if (labels.Length != 0)
        {
            _ = _text.Append('{').Append(labels).Append('}');
        }

        _ = _text.Append(' ').Append(Number(value)).Append('\n');
    }

    /// <summary>A metric of one value.</summary>
    public void Single(string name, string type, string help, double value)
    {
        Metric(name, type, help);
        Sample(name, "", value);
    }

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();
}
