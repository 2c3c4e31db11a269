using System.Diagnostics.Metrics;
using Crescent.Grains.Metrics;
using Crescent.Silo.Ops;
using Crescent.Silo.Telemetry;
using Crescent.Tests.Silo.Api;
using Microsoft.Extensions.DependencyInjection;

namespace Crescent.Tests.Silo.Telemetry;

public sealed class MetricExportTests
{
    [Fact]
    public async Task Instruments_tell_the_numbers_of_Prometheus_by_names_that_OpenTelemetry_takes()
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Of("one", "two"));
        using var answer = await front.Post("/v1/chat/completions", """{"messages":[{"role":"user","content":"Hello"}]}""");
        await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var told = Collect(front, "device-1");
        Assert.Equal(3, Assert.Single(told["vllm.num_requests_running"]).Value);
        Assert.Equal(0.75, Assert.Single(told["vllm.kv_cache_usage_perc"]).Value);
        Assert.Equal(64, Assert.Single(told["vllm.prefix_cache_queries"]).Value);
        Assert.Equal(1, Assert.Single(told["vllm.request_success"]).Value);
        Assert.Equal(9000, Assert.Single(told["crescent.power_level_budget_watts"]).Value);
        var power = Assert.Single(told["hw.power"]);
        Assert.Contains(new KeyValuePair<string, object?>("hw.id", "device-1/cpu"), power.Tags);
        Assert.Contains(new KeyValuePair<string, object?>("hw.type", "cpu"), power.Tags);

        // All that Prometheus is told, but histograms and what has instruments of its own.
        var names = front.Services.GetRequiredService<ServingMetrics>().Write().Split('\n')
            .Where(static line => line.StartsWith("# TYPE ", StringComparison.Ordinal) && !line.EndsWith(" histogram", StringComparison.Ordinal))
            .Select(static line => line.Split(' ')).Select(static line => MetricExport.NameOf(line[2], line[3] == "counter"))
            .Where(static name => !name.StartsWith("crescent.agent_", StringComparison.Ordinal) && !name.StartsWith("crescent.streams_", StringComparison.Ordinal) && !name.StartsWith("crescent.kv_index_", StringComparison.Ordinal));
        Assert.Subset(told.Keys.ToHashSet(), names.ToHashSet());
        Assert.All(told.Keys, static name => Assert.Matches("^[a-z][a-z0-9_.]*$", name));
    }

    [Fact]
    public async Task A_silo_tells_of_its_own_devices_alone()
    {
        await using var front = await TestFront.Start(ScriptedGeneration.Of());
        Assert.DoesNotContain("vllm.num_requests_running", Collect(front, "front").Keys);
    }

    private static Dictionary<string, List<(double Value, KeyValuePair<string, object?>[] Tags)>> Collect(TestFront front, string silo)
    {
        var meters = front.Services.GetRequiredService<IMeterFactory>();
        var export = new MetricExport(meters, front.Services.GetRequiredService<ServingMetrics>(), silo, TimeProvider.System);
        var told = new Dictionary<string, List<(double, KeyValuePair<string, object?>[])>>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.IsObservable && instrument.Meter.Name == InstrumentNames.Meter && ReferenceEquals(instrument.Meter.Scope, meters))
                {
                    listener.EnableMeasurementEvents(instrument);
                    told.TryAdd(instrument.Name, []);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => told[instrument.Name].Add((value, tags.ToArray())));
        listener.Start();
        export.StartAsync(CancellationToken.None).GetAwaiter().GetResult();
        listener.RecordObservableInstruments();
        return told.Where(static entry => entry.Value.Count > 0 || !entry.Key.StartsWith("vllm.num", StringComparison.Ordinal)).ToDictionary();
    }
}
