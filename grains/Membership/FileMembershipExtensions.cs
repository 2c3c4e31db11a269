using Crescent.Grains.Contracts.Membership;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;

namespace Crescent.Grains.Membership;

/// <summary>Makes silos of one machine a cluster.</summary>
public static class FileMembershipExtensions
{
    /// <summary>
    /// Keeps the cluster's membership in a file, and finds a dead silo within a second or two: right for one machine, where no
    /// network drops a probe.
    /// </summary>
    /// <param name="builder">The silo.</param>
    /// <param name="path">The file; the same for all silos of a run, another for every run.</param>
    /// <param name="clusterId">The run of the cluster.</param>
    public static ISiloBuilder UseFileMembership(this ISiloBuilder builder, string path, string clusterId)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ArgumentException.ThrowIfNullOrWhiteSpace(clusterId);
        builder.Services.AddSingleton<IMembershipTable>(new FileMembershipTable(path));
        builder.Configure<ClusterOptions>(options =>
        {
            options.ClusterId = clusterId;
            options.ServiceId = ClusterNames.ServiceId;
        });
        return builder.UseFastFailureDetection();
    }

    /// <summary>Declares a killed silo dead in under a second and a hung one in about two, instead of 6 to 10 and 60 seconds.</summary>
    public static ISiloBuilder UseFastFailureDetection(this ISiloBuilder builder) =>
        builder.Configure<ClusterMembershipOptions>(options =>
        {
            options.ProbeTimeout = TimeSpan.FromSeconds(1);
            options.MaxProbeTimeout = TimeSpan.FromSeconds(1);
            options.NumMissedProbesLimit = 2;
            options.TableRefreshTimeout = TimeSpan.FromSeconds(5);
            options.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
        });
}
