using Crescent.Grains.Contracts.Membership;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;

namespace Crescent.Grains.Membership;

/// <summary>Makes silos of one machine a cluster.</summary>
public static class FileMembershipExtensions
{
    /// <summary>
    /// Keeps the cluster's membership in a file. Whoever sees a silo's process end writes its death there
    /// (<see cref="FileMembershipTable.DeclareDead"/>), and all silos know it a moment later (<see cref="MembershipFileWatch"/>); the probes, which
    /// find what nobody sees, are patient: on a busy machine a late answer says nothing.
    /// </summary>
    /// <param name="builder">The silo.</param>
    /// <param name="path">The file; the same for all silos of a run, another for every run.</param>
    /// <param name="clusterId">The run of the cluster.</param>
    public static ISiloBuilder UseFileMembership(this ISiloBuilder builder, string path, string clusterId)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ArgumentException.ThrowIfNullOrWhiteSpace(clusterId);
        builder.Services.AddSingleton(new FileMembershipTable(path));
        builder.Services.AddSingleton<IMembershipTable>(static services => services.GetRequiredService<FileMembershipTable>());
        builder.Services.AddHostedService<MembershipFileWatch>();
        builder.Configure<ClusterOptions>(options =>
        {
            options.ClusterId = clusterId;
            options.ServiceId = ClusterNames.ServiceId;
        });
        return builder.UsePatientFailureDetection();
    }

    /// <summary>
    /// Declares a silo dead that has answered no probe, neither from here nor by way of another silo, for some twenty seconds. Streams do not wait for that:
    /// they leave a device that has fallen silent long before.
    /// </summary>
    public static ISiloBuilder UsePatientFailureDetection(this ISiloBuilder builder) =>
        builder.Configure<ClusterMembershipOptions>(options =>
        {
            options.ProbeTimeout = TimeSpan.FromSeconds(5);
            options.MinProbeTimeout = TimeSpan.FromSeconds(5);
            options.MaxProbeTimeout = TimeSpan.FromSeconds(10);
            options.NumMissedProbesLimit = 4;
            options.EnableIndirectProbes = true;
            options.TableRefreshTimeout = TimeSpan.FromSeconds(5);
            options.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
        });

    /// <summary>
    /// Declares a killed silo dead in under a second and a hung one in about two: for a quiet machine on which nobody watches the processes, such as
    /// that of a test. On a busy one silos declare one another dead.
    /// </summary>
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
