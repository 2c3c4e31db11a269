namespace Crescent.Silo.Ops;

/// <summary>Takes metrics, one after the other: each is begun, and its samples follow.</summary>
internal interface IMetricSink
{
    /// <summary>Begins a metric.</summary>
    /// <param name="name">As Prometheus has it.</param>
    /// <param name="type"><c>counter</c>, <c>gauge</c> or <c>histogram</c>.</param>
    /// <param name="help">What it is.</param>
    void Begin(string name, string type, string help);

    /// <summary>Adds a sample.</summary>
    void Sample(string name, double value, params ReadOnlySpan<(string Name, string Value)> labels);
}
