using System.Globalization;
using System.Text;

namespace Crescent.Silo.Ops;

/// <summary>
/// Writes metrics in Prometheus' text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/). Our own few lines,
/// because the libraries refuse the colon that vLLM's names have.
/// </summary>
internal sealed class MetricsText : IMetricSink
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder _text = new();

    /// <summary>Begins a metric; its samples follow.</summary>
    public void Begin(string name, string type, string help) => _text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n");

    /// <summary>Adds a sample.</summary>
    public void Sample(string name, double value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        _text.Append(name);
        for (var i = 0; i < labels.Length; i++)
        {
            _text.Append(i == 0 ? '{' : ',').Append(labels[i].Name).Append("=\"").Append(Escape(labels[i].Value)).Append('"');
        }

        _text.Append(labels.Length > 0 ? "} " : " ").Append(Number(value)).Append('\n');
    }

    public override string ToString() => _text.ToString();

    internal static string Number(double value) => double.IsPositiveInfinity(value) ? "+Inf" : value.ToString("R", CultureInfo.InvariantCulture);

    private static string Escape(string value) => value.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n");
}
