using Crescent.Grains.Membership;
using Crescent.Grains.Storage;
using Crescent.Silo.Configuration;
using Npgsql;
using Orleans.Storage;

namespace Crescent.Silo.Stores;

/// <summary>PostgreSQL: a row a cluster, and a row a grain.</summary>
internal sealed class PostgresStore : IClusterStore
{
    /// <summary>Time that an answer may take, s.</summary>
    private const int PatienceSeconds = 5;

    // Both tables are made by whoever comes first; the lock parts silos that come together.
    private const string Schema = """
        SELECT pg_advisory_xact_lock(7305804402566197107);
        CREATE TABLE IF NOT EXISTS crescent_cluster (cluster_id text PRIMARY KEY, members text NOT NULL, changed timestamptz NOT NULL DEFAULT now());
        CREATE TABLE IF NOT EXISTS crescent_state (
            service_id text NOT NULL, state text NOT NULL, grain text NOT NULL, version int NOT NULL, etag text NOT NULL, body text NOT NULL,
            changed timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (service_id, state, grain));
        """;

    private readonly NpgsqlDataSource _data;
    private readonly string _clusterId;
    private readonly string _serviceId;
    private volatile bool _hasTables;

    /// <param name="connection">As Npgsql takes it.</param>
    /// <param name="clusterId">The cluster.</param>
    /// <param name="serviceId">Whose states.</param>
    /// <exception cref="StartException">The connection string is wrong.</exception>
    public PostgresStore(string connection, string clusterId, string serviceId)
    {
        try
        {
            var options = new NpgsqlConnectionStringBuilder(connection);
            options.Timeout = Math.Min(options.Timeout, PatienceSeconds);
            options.CommandTimeout = Math.Min(options.CommandTimeout, PatienceSeconds);
            Where = $"PostgreSQL at {options.Host}:{options.Port}";
            _data = NpgsqlDataSource.Create(options);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidOperationException)
        {
            throw new StartException($"{Settings.StoreConnection} is nothing that leads to PostgreSQL: {e.Message} Say Host=…;Username=…;Password=…;Database=….", e);
        }

        _clusterId = clusterId;
        _serviceId = serviceId;
    }

    public string Where { get; }

    public void KeepMembership(ISiloBuilder silo)
    {
        silo.Services.AddSingleton<IMembershipTable>(new PostgresMembershipTable(_data, _clusterId));
        silo.UsePatientFailureDetection();
    }

    public void KeepState(ISiloBuilder silo) =>
        silo.Services.AddKeyedSingleton<IGrainStorage>(CrescentStorage.Name, (_, _) => new PostgresGrainStorage(_data, _serviceId));

    public async Task Ask(CancellationToken cancellationToken)
    {
        await using var command = _data.CreateCommand(_hasTables ? "SELECT 1" : Schema);
        await command.ExecuteNonQueryAsync(cancellationToken);
        _hasTables = true;
    }

    public ValueTask DisposeAsync() => _data.DisposeAsync();
}
