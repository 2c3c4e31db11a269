using Crescent.Control.Placement;
using Crescent.Grains.Configuration;
using Crescent.Grains.Contracts.Factory;
using Crescent.Grains.Gpu;
using Crescent.Grains.Placement;
using Crescent.Grains.Power;
using Crescent.Grains.Streams;
using Crescent.Grains.Telemetry;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Orleans.Configuration;

namespace Crescent.Grains.Factory;

/// <inheritdoc cref="IFactoryGrain"/>
[StatelessWorker]
internal sealed class FactoryGrain(
    PlacementLedger ledger,
    SiloRoles roles,
    IPlacementPolicy policy,
    IClusterMembershipService membership,
    ITelemetryClient peers,
    IOptions<ClusterOptions> cluster,
    CrescentSiloOptions options,
    PowerDesk power,
    EnergyAccounts accounts) : Grain, IFactoryGrain
{
    /// <summary>Devices that an error names.</summary>
    private const int MostNamed = 20;

    public Task<FactorySnapshot> GetSnapshot(CancellationToken cancellationToken) => Task.FromResult(new FactorySnapshot(
        cluster.Value.ClusterId,
        options.Model,
        policy.Name,
        [
            .. membership.CurrentSnapshot.Members.Values
                .Where(static m => m.Status != SiloStatus.Dead)
                .OrderBy(static m => m.Name, StringComparer.Ordinal)
                .Select(m => new SiloSnapshot(m.Name, m.SiloAddress.Endpoint.ToString(), roles.Of(m.SiloAddress), m.Status.ToString())),
        ],
        [.. ledger.Snapshot().Select(static d => Describe(d)).OrderBy(static d => d.Silo + '/' + d.Device, StringComparer.Ordinal)])
    {
        Power = power.Snapshot(ledger.Snapshot()) with { Events = [] },
        Tenants = [.. accounts.Tenants.Select(Describe)],
        Tasks = [.. accounts.Tasks.Select(Describe)],
    });

    public async Task Drain(string device, bool drained, CancellationToken cancellationToken)
    {
        CheckDevice(device);
        await GrainFactory.GetGrain<IGpuGrain>(device).Drain(drained).WaitAsync(cancellationToken);
    }

    public async Task LoadModel(string device, string model, double drainSeconds, CancellationToken cancellationToken)
    {
        CheckDevice(device);
        await GrainFactory.GetGrain<IGpuGrain>(device).Load(model, drainSeconds).WaitAsync(cancellationToken);
    }

    public async Task<DecisionAnswer> GetDecisions(string requestId, CancellationToken cancellationToken)
    {
        var silos = membership.CurrentSnapshot.Members.Values.Where(static m => m.Status == SiloStatus.Active).ToArray();
        var answers = await Task.WhenAll(silos.Select(s => Ask(s.SiloAddress, requestId, cancellationToken)));
        return new DecisionAnswer(
            [.. answers.SelectMany(static a => a ?? []).OrderBy(static d => d.At)],
            [.. silos.Zip(answers).Where(static s => s.Second is null).Select(static s => s.First.Name)]);
    }

    private static AccountSnapshot Describe(EnergyAccount account) => new()
    {
        Name = account.Name,
        Simulated = account.Simulated,
        Requests = account.Requests,
        OutputTokens = account.OutputTokens,
        Joules = account.Joules,
    };

    private void CheckDevice(string device)
    {
        var known = ledger.Snapshot().Select(static d => d.State.Key).Order(StringComparer.Ordinal).ToArray();
        if (Array.IndexOf(known, device) < 0)
        {
            throw new ArgumentException(
                $"The factory has no device '{device}'; it has {string.Join(", ", known.Take(MostNamed))}{(known.Length > MostNamed ? ", …" : "")}.", nameof(device));
        }
    }

    /// <summary>What a silo remembers, or null when it does not answer.</summary>
    private async Task<List<PlacementDecisionReport>?> Ask(SiloAddress silo, string requestId, CancellationToken cancellationToken)
    {
        try
        {
            return await peers.Of(silo).FindDecisions(requestId).WaitAsync(cancellationToken);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            return null;
        }
    }

    private static DeviceSnapshot Describe(in DeviceSighting device) => device.Report.Plain() with
    {
        Silo = device.SiloName,
        WattsAgeSeconds = device.Report.WattsAgeSeconds + device.AgeSeconds,
        Draining = device.State.Draining,
        Reserved = device.State.Reserved,
        Sequence = device.State.Sequence,
        AgeSeconds = device.AgeSeconds,
    };
}
