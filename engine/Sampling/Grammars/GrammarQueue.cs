namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// Sources that wait to be compiled. The tenants that have some take turns, and of a tenant's the shortest goes first: nobody waits for more than
/// one source of each other tenant, and small ones not for large ones beside them. Under the lock of the <see cref="GrammarCache"/>.
/// </summary>
internal sealed class GrammarQueue
{
    private readonly LinkedList<(string Tenant, List<GrammarEntry> Waiting)> _turns = [];
    private readonly Dictionary<string, LinkedListNode<(string Tenant, List<GrammarEntry> Waiting)>> _byTenant = new(StringComparer.Ordinal);

    // Whose turn was last: it may have come anew before the others.
    private string? _last;

    /// <summary>Sources that wait.</summary>
    public int Count { get; private set; }

    /// <summary>Those that wait in a tenant's turns.</summary>
    public int CountOf(string tenant) => _byTenant.TryGetValue(tenant, out var turn) ? turn.Value.Waiting.Count : 0;

    /// <summary>Puts a source in a tenant's turns, where it may wait in others' already.</summary>
    public void Add(GrammarEntry entry, string tenant)
    {
        if (entry.Tenants.Contains(tenant))
        {
            return;
        }

        Count += entry.Tenants.Count == 0 ? 1 : 0;
        entry.Tenants.Add(tenant);
        if (!_byTenant.TryGetValue(tenant, out var turn))
        {
            _byTenant.Add(tenant, turn = _turns.AddLast((tenant, [])));
        }

        turn.Value.Waiting.Add(entry);
    }

    /// <summary>Takes a source out, if it waits.</summary>
    public void Remove(GrammarEntry entry)
    {
        Count -= entry.Tenants.Count == 0 ? 0 : 1;
        foreach (var tenant in entry.Tenants)
        {
            var turn = _byTenant[tenant];
            turn.Value.Waiting.Remove(entry);
            if (turn.Value.Waiting.Count == 0)
            {
                _turns.Remove(turn);
                _byTenant.Remove(tenant);
            }
        }

        entry.Tenants.Clear();
    }

    /// <summary>Takes out the source whose turn it is; null where none waits.</summary>
    public GrammarEntry? Take()
    {
        if (_turns.First is not { } turn)
        {
            return null;
        }

        turn = turn.Value.Tenant == _last && turn.Next is { } other ? other : turn;
        _last = turn.Value.Tenant;

        // Behind all others, before it may go.
        _turns.Remove(turn);
        _turns.AddLast(turn);
        var next = turn.Value.Waiting.MinBy(static entry => entry.Length)!;
        Remove(next);
        return next;
    }
}
