using Crescent.Grains.Contracts.Membership;
using Crescent.Grains.Hosting;
using Crescent.Grains.Metrics;
using Microsoft.Extensions.Logging;

namespace Crescent.Grains.Membership;

/// <summary>Looks at the membership file many times a second, so that a change of it is known at once, and mends it where it is damaged.</summary>
internal sealed class MembershipFileWatch(
    FileMembershipTable table, IClusterMembershipService membership, TimeProvider time, FactoryMetrics metrics, ILogger<MembershipFileWatch> logger)
    : PeriodicLoop("membership file", Interval, time, metrics, logger)
{
    /// <summary>Time between two looks: each is a question for the file's time, which costs microseconds.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private (DateTime Written, long Length) _seen;

    protected override async Task Turn(CancellationToken cancellationToken)
    {
        var file = new FileInfo(table.Path);
        var now = file.Exists ? (file.LastWriteTimeUtc, file.Length) : default;
        if (now == _seen && file.Exists)
        {
            return;
        }

        var version = await table.Mend();
        if (version > membership.CurrentSnapshot.Version.Value)
        {
            await membership.Refresh(new MembershipVersion(version), cancellationToken);
        }

        _seen = now;
    }
}
