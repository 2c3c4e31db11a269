using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Crescent.Grains.Turns;

/// <summary>Turns in the memory of the cluster: a grain keeps those of a share of the tenants, wherever it is. They are gone with its silo.</summary>
internal sealed partial class TurnStore(IGrainFactory grains, ILogger<TurnStore> logger) : ITurnStore
{
    /// <summary>Bytes that a tenant's turns may take.</summary>
    public const long TenantBytes = 16 << 20;

    /// <summary>Bytes that the turns of a share may take; there are <see cref="Shares"/>.</summary>
    public const long ShareBytes = 32 << 20;

    /// <summary>Into how many shares tenants are parted.</summary>
    public const int Shares = 16;

    public async Task<bool> Keep(string tenant, StoredTurn turn)
    {
        try
        {
            return await Grain(tenant).Keep(tenant, turn);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            // The answer is there all the same, and says that it is not kept.
            LogNotKept(turn.Id, e.Message);
            return false;
        }
    }

    public Task<StoredTurn?> Find(string tenant, string id) => Grain(tenant).Find(tenant, id);

    public async Task<IReadOnlyList<StoredTurn>?> Chain(string tenant, string id) => await Grain(tenant).Chain(tenant, id);

    public Task<bool> Remove(string tenant, string id) => Grain(tenant).Remove(tenant, id);

    private ITurnGrain Grain(string tenant) => grains.GetGrain<ITurnGrain>(SHA256.HashData(Encoding.UTF8.GetBytes(tenant))[0] % Shares);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The answer {Id} is not kept for the next turn: {Reason}")]
    private partial void LogNotKept(string id, string reason);
}
