using System.Diagnostics.CodeAnalysis;

namespace Crescent.Grains.Turns;

/// <summary>Turns of many tenants in bounded memory; those used longest ago go first. Not for use by several threads.</summary>
/// <param name="tenantBytes">Bytes that a tenant's may take.</param>
/// <param name="totalBytes">Bytes that all may take together; beyond, the tenant that has most gives up.</param>
public sealed class TurnShelf(long tenantBytes, long totalBytes)
{
    /// <summary>Turns of a conversation that are gone back to.</summary>
    public const int MaxChain = 4096;

    private readonly Dictionary<string, Tenant> _tenants = new(StringComparer.Ordinal);

    /// <summary>Bytes that all take, about.</summary>
    public long Bytes { get; private set; }

    /// <summary>Keeps a turn; false where it is too long for that.</summary>
    public bool Keep(string tenant, StoredTurn turn)
    {
        if (turn.Bytes > Math.Min(tenantBytes, totalBytes))
        {
            return false;
        }

        Remove(tenant, turn.Id);
        if (!_tenants.TryGetValue(tenant, out var own))
        {
            _tenants.Add(tenant, own = new Tenant());
        }

        own.Turns.Add(turn.Id, own.Order.AddLast(turn));
        own.Bytes += turn.Bytes;
        Bytes += turn.Bytes;
        while (own.Bytes > tenantBytes)
        {
            Remove(tenant, own.Order.First!.Value.Id);
        }

        while (Bytes > totalBytes)
        {
            var (most, of) = _tenants.MaxBy(static pair => pair.Value.Bytes);
            Remove(most, of.Order.First!.Value.Id);
        }

        return true;
    }

    /// <summary>A turn, or null.</summary>
    public StoredTurn? Find(string tenant, string id) => TryFind(tenant, id, out var node) ? node.Value : null;

    /// <summary>A turn and all before it, the first one first; null where one of them is not there any more.</summary>
    public IReadOnlyList<StoredTurn>? Chain(string tenant, string id)
    {
        var chain = new List<StoredTurn>();
        for (var at = id; at is not null; at = chain[^1].Previous)
        {
            if (chain.Count == MaxChain || !TryFind(tenant, at, out var node))
            {
                return null;
            }

            chain.Add(node.Value);
        }

        chain.Reverse();

        // Used together, they go together, the first one first.
        var order = _tenants[tenant].Order;
        foreach (var turn in chain)
        {
            var node = _tenants[tenant].Turns[turn.Id];
            order.Remove(node);
            order.AddLast(node);
        }

        return chain;
    }

    /// <summary>Forgets a turn; false where there is none.</summary>
    public bool Remove(string tenant, string id)
    {
        if (!TryFind(tenant, id, out var node))
        {
            return false;
        }

        var own = _tenants[tenant];
        own.Turns.Remove(id);
        own.Order.Remove(node);
        own.Bytes -= node.Value.Bytes;
        Bytes -= node.Value.Bytes;
        if (own.Turns.Count == 0)
        {
            _tenants.Remove(tenant);
        }

        return true;
    }

    private bool TryFind(string tenant, string id, [NotNullWhen(true)] out LinkedListNode<StoredTurn>? node)
    {
        node = null;
        return _tenants.TryGetValue(tenant, out var own) && own.Turns.TryGetValue(id, out node);
    }

    private sealed class Tenant
    {
        public Dictionary<string, LinkedListNode<StoredTurn>> Turns { get; } = new(StringComparer.Ordinal);

        /// <summary>The one used longest ago first.</summary>
        public LinkedList<StoredTurn> Order { get; } = [];

        public long Bytes { get; set; }
    }
}
