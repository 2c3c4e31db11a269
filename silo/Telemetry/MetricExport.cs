using System.Diagnostics.Metrics;
using Crescent.Grains.Metrics;
using Crescent.Grains.Tracing;
using Crescent.Silo.Ops;

namespace Crescent.Silo.Telemetry;

/// <summary>
/// Tells what <c>/metrics</c> tells, read from the same <see cref="ServingMetrics"/> when somebody collects, as instruments of Crescent's meter. A name of Prometheus becomes one of OpenTelemetry by rule: the colon
/// a point, without <c>_total</c>; watts and joules of devices have the names of its conventions. A silo tells of its own devices alone, histograms are instruments as they are, and what
/// <see cref="FactoryMetrics"/> and the agents' metrics count with instruments of their own is left to these.
/// </summary>
/// <param name="meters">Has the meter.</param>
/// <param name="metrics">What is told.</param>
/// <param name="silo">The silo's name.</param>
/// <param name="time">The clock.</param>
internal sealed class MetricExport(IMeterFactory meters, ServingMetrics metrics, string silo, TimeProvider time) : IHostedService, IMetricSink
{
    /// <summary>Instruments are asked one after the other; what was read for the first is good for all.</summary>
    private static readonly TimeSpan Freshness = TimeSpan.FromMilliseconds(500);

    private static readonly string[] Counted = ["crescent:agent_", "crescent:streams_", "crescent:kv_index_stale", "crescent:kv_index_blocks", "crescent:kv_index_events", "crescent:kv_index_gaps", "crescent:kv_index_repairs"];

    private readonly Lock _lock = new();
    private readonly Meter _meter = meters.Create(InstrumentNames.Meter);
    private readonly Dictionary<string, List<Measurement<double>>> _samples = new(StringComparer.Ordinal);
    private List<Measurement<double>>? _begun;
    private string _name = "";
    private long _readAt;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Read();
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>OpenTelemetry's name for a metric.</summary>
    /// <param name="name">Prometheus'.</param>
    /// <param name="isCounter">Whether it counts.</param>
    internal static string NameOf(string name, bool isCounter) => name switch
    {
        "crescent:device_watts" => SemanticNames.HardwarePower,
        "crescent:device_joules_total" => SemanticNames.HardwareEnergy,
        _ => (isCounter && name.EndsWith("_total", StringComparison.Ordinal) ? name[..^"_total".Length] : name).Replace(':', '.'),
    };

    void IMetricSink.Begin(string name, string type, string help)
    {
        _begun = null;
        _name = name;
        if (type == "histogram" || Array.Exists(Counted, counted => name.StartsWith(counted, StringComparison.Ordinal)))
        {
            return;
        }

        var isNew = !_samples.ContainsKey(name);
        _samples[name] = _begun = [];
        if (isNew && type == "counter")
        {
            _meter.CreateObservableCounter(NameOf(name, isCounter: true), () => Samples(name), Unit(name), help);
        }
        else if (isNew)
        {
            _meter.CreateObservableGauge(NameOf(name, isCounter: false), () => Samples(name), Unit(name), help);
        }
    }

    void IMetricSink.Sample(string name, double value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        if (_begun is null || name != _name)
        {
            return;
        }

        var tags = new KeyValuePair<string, object?>[labels.Length];
        var device = "";
        for (var i = 0; i < labels.Length; i++)
        {
            var (key, said) = labels[i];
            if (key == "silo" && said != silo)
            {
                return;
            }

            device = key == "device" ? said : device;
            tags[i] = new(key == "model_name" ? SemanticNames.RequestModel : key, said);
        }

        _begun.Add(device.Length == 0 ? new Measurement<double>(value, tags) : new Measurement<double>(
            value, [.. tags, new(SemanticNames.HardwareId, $"{silo}/{device}"), new(SemanticNames.HardwareType, device.StartsWith("cpu", StringComparison.Ordinal) ? "cpu" : "gpu")]));
    }

    private List<Measurement<double>> Samples(string name)
    {
        lock (_lock)
        {
            if (time.GetElapsedTime(_readAt) > Freshness)
            {
                Read();
            }

            return _samples[name];
        }
    }

    private void Read()
    {
        metrics.Tell(this);
        _readAt = time.GetTimestamp();
    }

    private static string? Unit(string name) => name switch
    {
        _ when name.EndsWith("watts", StringComparison.Ordinal) => "W",
        _ when name.EndsWith("joules_total", StringComparison.Ordinal) => "J",
        _ when name.EndsWith("seconds", StringComparison.Ordinal) => "s",
        _ => null,
    };
}
