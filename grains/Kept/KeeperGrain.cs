using Crescent.Grains.Gpu;
using Crescent.Grains.Placement;
using Crescent.Grains.Telemetry;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.GrainDirectory;
using Orleans.Placement;

namespace Crescent.Grains.Kept;

/// <inheritdoc cref="IKeeperGrain"/>
[SiloPinnedPlacement, GrainDirectory(NoDirectory.Name), Immovable, KeepAlive, Reentrant]
internal sealed class KeeperGrain(KeptStore store, KeptHomes homes, ILocalSiloDetails silo, ILogger<KeeperGrain> logger) : Grain, IKeeperGrain
{
    /// <summary>Name of the part of a silo that keeps answers.</summary>
    private const string Part = "kept";

    /// <summary>Silos behind the first in which an answer may be, because others were there when it was begun.</summary>
    private const int Others = 2;

    // Claims of one key one after the other; of different ones hardly ever.
    private readonly SemaphoreSlim[] _claims = [.. Enumerable.Range(0, 64).Select(static _ => new SemaphoreSlim(1))];

    /// <summary>Key of the keeper in a silo.</summary>
    public static string KeyOf(string silo) => new DeviceKey(silo, Part).ToString();

    public async Task<KeptReply> Claim(KeptAsk ask)
    {
        if (store.Has(ask.Key))
        {
            return store.Claim(ask);
        }

        var turn = _claims[(uint)string.GetHashCode(ask.Key, StringComparison.Ordinal) % _claims.Length];
        await turn.WaitAsync();
        try
        {
            var others = homes.Of(ask.Key).Where(name => name != silo.Name).Take(Others).ToArray();
            var has = await Task.WhenAll(others.Select(name => Has(name, ask.Key)));
            var other = Array.IndexOf(has, true) is >= 0 and var found ? others[found] : ask.Asker == silo.Name ? others.FirstOrDefault() : null;
            return store.Has(ask.Key) || other is null ? store.Claim(ask) : await Keeper(other).ClaimHere(ask);
        }
        finally
        {
            turn.Release();
        }
    }

    public Task<KeptReply> ClaimHere(KeptAsk ask) => Task.FromResult(store.Claim(ask));

    public Task<bool> Has(string key) => Task.FromResult(store.Has(key));

    public Task Release(string key, long claim)
    {
        store.Release(key, claim);
        return Task.CompletedTask;
    }

    public Task<KeptReply> Start(KeptStart start) => Task.FromResult(store.Start(start));

    public Task<KeptPage> Read(KeptRead read) => store.Read(read, KeptStream.Wait);

    private IKeeperGrain Keeper(string name) => GrainFactory.GetGrain<IKeeperGrain>(KeyOf(name));

    private async Task<bool> Has(string name, string key)
    {
        try
        {
            return await Keeper(name).Has(key);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            KeptLog.AskFailed(logger, name, e.Message);
            return false;
        }
    }
}
