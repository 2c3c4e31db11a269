using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Client.Connections;
using Crescent.Grains.Contracts.Factory;

namespace Crescent.Client.Load.Energy;

/// <summary>Reads meters each second while a run goes on: this host's, and those of the factory that is asked, where it tells.</summary>
/// <param name="http">Leads to a front end; null where <paramref name="cluster"/> is asked.</param>
/// <param name="cluster">Leads to a factory over Orleans.</param>
internal sealed class PowerWatch(HttpClient? http, IFactoryConnection? cluster = null)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(2);

    private readonly RaplPackages _rapl = new();
    private readonly NvmlCounters _nvml = new();
    private double _watts;
    private int _readings;
    private bool _simulated;
    private bool _modelled;
    private bool _tells = true;

    /// <summary>What the host's meters counted.</summary>
    public IReadOnlyList<EnergyReading> Host { get; private set; } = [];

    /// <summary>What the factory said; null where it is none.</summary>
    public FactoryWatts? Factory => _readings > 0 ? new FactoryWatts(_watts / _readings, _simulated, _modelled, _readings) : null;

    /// <summary>Reads until <paramref name="stop"/>; the factory's readings count from <paramref name="from"/> on and up to <paramref name="to"/>, in what <paramref name="seconds"/> tells.</summary>
    public async Task Run(Func<double> seconds, double from, double to, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Period);
        try
        {
            do
            {
                Host = [_rapl.Read(), _nvml.Read()];
                if (_tells && seconds() >= from && seconds() <= to)
                {
                    await Look(stop);
                }
            }
            while (await timer.WaitForNextTickAsync(stop));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            Host = [_rapl.Read(), _nvml.Read()];
        }
    }

    private async Task Look(CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(LongestLook);
        try
        {
            if (http is null)
            {
                _tells = cluster is not null;
                Take(cluster is null ? null : await cluster.GetFactory(limit.Token));
                return;
            }

            using var reply = await http.GetAsync(new Uri("v1/factory", UriKind.Relative), limit.Token);
            if (!reply.IsSuccessStatusCode)
            {
                // A server of another kind, or a key that may not look.
                _tells = false;
                return;
            }

            Take(await reply.Content.ReadFromJsonAsync<JsonNode>(limit.Token) as JsonObject);
        }
        catch (Exception e) when (e is FactoryException or HttpRequestException or JsonException or NotSupportedException || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            // A look that failed is one reading less.
        }
    }

    private void Take(FactorySnapshot? factory)
    {
        if (factory is not { Devices.Count: > 0 })
        {
            return;
        }

        _watts += factory.Devices.Sum(static device => device.Watts);
        _simulated |= factory.Devices.Any(static device => device.Simulated);
        _modelled |= factory.Devices.Any(static device => device.WattsSource == "model");
        _readings++;
    }

    /// <summary>Takes what a front end answered.</summary>
    internal void Take(JsonObject? factory)
    {
        if (factory?["devices"] is not JsonArray { Count: > 0 } devices)
        {
            return;
        }

        var watts = 0.0;
        foreach (var device in devices.OfType<JsonObject>())
        {
            watts += (device["watts"] as JsonValue)?.TryGetValue<double>(out var drawn) == true ? drawn : 0;
            _simulated |= (device["simulated"] as JsonValue)?.TryGetValue<bool>(out var simulated) == true && simulated;
            _modelled |= (device["watts_source"] as JsonValue)?.TryGetValue<string>(out var source) == true && source == "model";
        }

        _watts += watts;
        _readings++;
    }
}
