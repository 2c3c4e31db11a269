using Crescent.Grains.Contracts.Agents;
using Crescent.Grains.Hosting;
using Crescent.Grains.Metrics;
using Microsoft.Extensions.Logging;

namespace Crescent.Grains.Agents;

/// <summary>Has the roster tend its tasks when a silo has come or gone, and now and then besides: those whose silo has died go on in another.</summary>
internal sealed class AgentWatch(IClusterMembershipService membership, IGrainFactory grains, TimeProvider time, FactoryMetrics metrics, ILogger<AgentWatch> logger)
    : PeriodicLoop("agents", TimeSpan.FromMilliseconds(500), time, metrics, logger)
{
    private static readonly TimeSpan Besides = TimeSpan.FromMinutes(1);

    private MembershipVersion _seen = MembershipVersion.MinValue;
    private long _last;

    protected override async Task Turn(CancellationToken cancellationToken)
    {
        var version = membership.CurrentSnapshot.Version;
        if (version == _seen && Time.GetElapsedTime(_last) < Besides)
        {
            return;
        }

        await grains.GetGrain<IAgentRosterGrain>(0).Tend();
        _seen = version;
        _last = Time.GetTimestamp();
    }
}
