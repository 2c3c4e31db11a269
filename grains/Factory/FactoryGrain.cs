using Crescent.Control.Placement;
using Crescent.Grains.Contracts.Factory;
using Crescent.Grains.Placement;
using Crescent.Grains.Power;
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
    IOptions<ClusterOptions> cluster,
    CrescentSiloOptions options,
    PowerDesk power) : Grain, IFactoryGrain
{
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
    });

    private static DeviceSnapshot Describe(in DeviceSighting device)
    {
        var report = device.Report;
        var state = device.State;
        return new DeviceSnapshot
        {
            Silo = device.SiloName,
            Device = report.Device,
            Description = report.Description,
            Simulated = report.Simulated,
            Model = report.Model,
            Waiting = report.Waiting,
            Running = report.Running,
            FreeBlocks = report.FreeBlocks,
            TotalBlocks = report.TotalBlocks,
            StepSeconds = report.StepSeconds,
            TokensPerSecond = report.TokensPerSecond,
            Watts = report.Watts,
            WattsSource = report.WattsSource,
            CapWatts = report.CapWatts,
            Joules = report.Joules,
            WattsAgeSeconds = report.WattsAgeSeconds + device.AgeSeconds,
            IdleJoules = report.IdleJoules,
            OutputTokens = report.OutputTokens,
            Draining = state.Draining,
            Reserved = state.Reserved,
            Sequence = state.Sequence,
            AgeSeconds = device.AgeSeconds,
        };
    }
}
