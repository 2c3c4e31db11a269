using Orleans.Placement;

namespace Crescent.Grains.Turns;

/// <inheritdoc cref="ITurnGrain"/>
[PreferLocalPlacement, KeepAlive]
internal sealed class TurnGrain : Grain, ITurnGrain
{
    private readonly TurnShelf _shelf = new(TurnStore.TenantBytes, TurnStore.ShareBytes);

    public Task<bool> Keep(string tenant, StoredTurn turn) => Task.FromResult(_shelf.Keep(tenant, turn));

    public Task<StoredTurn?> Find(string tenant, string id) => Task.FromResult(_shelf.Find(tenant, id));

    public Task<StoredTurn[]?> Chain(string tenant, string id) => Task.FromResult(_shelf.Chain(tenant, id)?.ToArray());

    public Task<bool> Remove(string tenant, string id) => Task.FromResult(_shelf.Remove(tenant, id));
}
