using Crescent.Grains.Contracts.Membership;
using Crescent.Silo.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crescent.Silo.Stores;

/// <summary>The membership of a cluster as one sees it who is no silo of it: a supervisor, which sees its silos' processes end.</summary>
internal sealed class ClusterMembers : IAsyncDisposable
{
    private readonly FileMembershipTable? _file;
    private readonly IClusterStore _store;
    private readonly ServiceProvider? _services;

    private ClusterMembers(IClusterStore store, FileMembershipTable? file, ServiceProvider? services)
    {
        _store = store;
        _file = file;
        _services = services;
    }

    /// <summary>That of one cluster.</summary>
    /// <param name="options">Where it is kept.</param>
    /// <param name="clusterId">The cluster.</param>
    /// <param name="membershipFile">Its table, where that is a file.</param>
    /// <exception cref="StartException">The store's connection string is wrong.</exception>
    public static ClusterMembers Open(StoreOptions options, string clusterId, string membershipFile)
    {
        var store = ClusterStores.Create(options, clusterId, membershipFile);
        if (store is FileStore)
        {
            return new ClusterMembers(store, new FileMembershipTable(membershipFile), null);
        }

        var services = new ServiceCollection();
        services.AddLogging();
        services.Configure<Orleans.Configuration.ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = (clusterId, options.ServiceId));
        store.KeepMembership(new MembershipOnly(services));
        return new ClusterMembers(store, null, services.BuildServiceProvider());
    }

    /// <summary>Declares a silo dead whose process is gone.</summary>
    /// <param name="name">The silo.</param>
    /// <param name="port">Its port for other silos, on this machine.</param>
    public Task DeclareDead(string name, int port) => _file is not null
        ? _file.DeclareDead(s => s.Endpoint.Port == port)
        : Namesakes.DeclareDead(_services!.GetRequiredService<IMembershipTable>(), name, NullLogger.Instance, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        if (_services is not null)
        {
            await _services.DisposeAsync();
        }

        await _store.DisposeAsync();
    }

    /// <summary>Takes what a store adds for its membership, and nothing of a silo.</summary>
    private sealed class MembershipOnly(IServiceCollection services) : ISiloBuilder
    {
        public IServiceCollection Services => services;

        public IConfiguration Configuration { get; } = new ConfigurationBuilder().Build();
    }
}
