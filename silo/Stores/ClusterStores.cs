using Crescent.Silo.Configuration;

namespace Crescent.Silo.Stores;

/// <summary>The stores by kind.</summary>
internal static class ClusterStores
{
    /// <summary>The store that <paramref name="options"/> ask for; nothing is connected yet.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="clusterId">The cluster.</param>
    /// <param name="membershipFile">Its table, where it is a file.</param>
    /// <exception cref="StartException">The connection string is wrong.</exception>
    public static IClusterStore Create(StoreOptions options, string clusterId, string membershipFile) => options.Store switch
    {
        StoreKind.Redis => new RedisStore(options.ReadConnection()),
        StoreKind.Postgres => new PostgresStore(options.ReadConnection(), clusterId, options.ServiceId),
        _ => new FileStore(membershipFile, clusterId, StateFolder(options, membershipFile)),
    };

    private static string StateFolder(StoreOptions options, string membershipFile) =>
        Path.Combine(options.Data is { } data ? Path.GetFullPath(data) : Path.GetDirectoryName(membershipFile)!, "state");
}
