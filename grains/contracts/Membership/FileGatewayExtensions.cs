using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Messaging;

namespace Crescent.Grains.Contracts.Membership;

/// <summary>Connects a client to a local cluster.</summary>
public static class FileGatewayExtensions
{
    /// <summary>
    /// Finds the cluster's gateways in its membership file.
    /// </summary>
    /// <param name="builder">The client.</param>
    /// <param name="path">The silos' membership file.</param>
    /// <param name="clusterId">The run of the cluster; a gateway refuses a client that names another.</param>
    public static IClientBuilder UseFileGateways(this IClientBuilder builder, string path, string clusterId)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ArgumentException.ThrowIfNullOrWhiteSpace(clusterId);
        builder.Services.AddSingleton<IGatewayListProvider>(new FileGatewayListProvider(new FileMembershipTable(path)));
        builder.Configure<ClusterOptions>(options =>
        {
            options.ClusterId = clusterId;
            options.ServiceId = ClusterNames.ServiceId;
        });
        return builder;
    }
}
