using Crescent.Grains.Membership;
using Crescent.Grains.Storage;
using Crescent.Silo.Configuration;
using Orleans.Storage;
using StackExchange.Redis;

namespace Crescent.Silo.Stores;

/// <summary>Redis, by Orleans' own providers over one connection.</summary>
internal sealed class RedisStore : IClusterStore
{
    /// <summary>Time that an answer may take, ms.</summary>
    private const int PatienceMs = 2000;

    private readonly ConfigurationOptions _options;
    private readonly Lazy<Task<IConnectionMultiplexer>> _connection;

    /// <param name="connection">As StackExchange.Redis takes it.</param>
    /// <exception cref="StartException">It does not.</exception>
    public RedisStore(string connection)
    {
        try
        {
            _options = ConfigurationOptions.Parse(connection);
        }
        catch (ArgumentException e)
        {
            throw new StartException($"{Settings.StoreConnection} is nothing that leads to Redis: {e.Message} Say HOST:PORT[,password=…][,ssl=true].", e);
        }

        if (_options.EndPoints.Count == 0)
        {
            throw new StartException($"{Settings.StoreConnection} names no host. Say HOST:PORT[,password=…][,ssl=true].");
        }

        // Whoever needs it while it is away is to know at once, and not to wait in a line of others.
        _options.AbortOnConnectFail = false;
        _options.BacklogPolicy = BacklogPolicy.FailFast;
        _options.AsyncTimeout = Math.Min(_options.AsyncTimeout, PatienceMs);
        _options.ConnectTimeout = Math.Min(_options.ConnectTimeout, PatienceMs);
        _connection = new Lazy<Task<IConnectionMultiplexer>>(async () => await ConnectionMultiplexer.ConnectAsync(_options));
    }

    public string Where => $"Redis at {string.Join(", ", _options.EndPoints.Select(static e => e.ToString()!.Replace("Unspecified/", "", StringComparison.Ordinal)))}";

    public void KeepMembership(ISiloBuilder silo)
    {
        silo.UseRedisClustering(options =>
        {
            options.ConfigurationOptions = _options;
            options.CreateMultiplexer = async _ => (await _connection.Value, true);
        });
        silo.UsePatientFailureDetection();
    }

    public void KeepState(ISiloBuilder silo)
    {
        silo.AddRedisGrainStorage(RedisGrainStorage.InnerName, (Orleans.Persistence.RedisStorageOptions options) =>
        {
            options.ConfigurationOptions = _options;
            options.CreateMultiplexer = async _ => (await _connection.Value, true);
            options.DeleteStateOnClear = true;
        });
        silo.Services.AddKeyedSingleton<IGrainStorage>(
            CrescentStorage.Name, static (services, _) => new RedisGrainStorage(services.GetRequiredKeyedService<IGrainStorage>(RedisGrainStorage.InnerName)));
    }

    public async Task Ask(CancellationToken cancellationToken)
    {
        var connection = await _connection.Value.WaitAsync(cancellationToken);
        await connection.GetDatabase().PingAsync().WaitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection.IsValueCreated)
        {
            await (await _connection.Value).DisposeAsync();
        }
    }
}
