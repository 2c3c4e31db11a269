namespace Crescent.Engine.Scheduling;

/// <summary>
/// The waiting sequences of one priority class, fair between tenants by deficit round robin (Shreedhar and Varghese, SIGCOMM 1995): a
/// tenant whose turn it is may start sequences worth its saved-up quanta of tokens, then the turn passes on. A tenant with
/// many requests so gets no more tokens than one with few.
/// </summary>
internal sealed class TenantQueues
{
    /// <summary>Tokens that a tenant may start in a turn.</summary>
    public const int Quantum = 1024;

    private readonly Dictionary<string, Tenant> _tenants = [];
    private readonly LinkedList<Tenant> _turns = [];

    /// <summary>Sequences that wait.</summary>
    public int Count { get; private set; }

    /// <summary>Puts a sequence last, or first, among its tenant's.</summary>
    public void Add(Sequence sequence, bool first)
    {
        var name = sequence.Request.Tenant;
        if (!_tenants.TryGetValue(name, out var tenant))
        {
            _tenants[name] = tenant = new Tenant();
            _turns.AddLast(tenant.Turn);
        }

        sequence.WaitingNode = first ? tenant.Sequences.AddFirst(sequence) : tenant.Sequences.AddLast(sequence);
        Count++;
    }

    /// <summary>The sequence whose turn it is; there must be one.</summary>
    public Sequence Next()
    {
        while (true)
        {
            var tenant = _turns.First!.Value;
            var sequence = tenant.Sequences.First!.Value;
            if (tenant.Deficit >= sequence.Cost || _turns.Count == 1)
            {
                return sequence;
            }

            tenant.Deficit += Quantum;
            if (tenant.Deficit < sequence.Cost)
            {
                _turns.RemoveFirst();
                _turns.AddLast(tenant.Turn);
            }
        }
    }

    /// <summary>Takes out a sequence that was started and charges its tenant for it.</summary>
    public void Start(Sequence sequence)
    {
        var tenant = _tenants[sequence.Request.Tenant];
        tenant.Deficit = Math.Max(0, tenant.Deficit - sequence.Cost);
        Remove(sequence);
        if (tenant.Sequences.Count > 0 && _turns.First == tenant.Turn && tenant.Deficit < tenant.Sequences.First!.Value.Cost)
        {
            _turns.RemoveFirst();
            _turns.AddLast(tenant.Turn);
        }
    }

    /// <summary>Takes out a sequence that will not be started.</summary>
    public void Remove(Sequence sequence)
    {
        var name = sequence.Request.Tenant;
        var tenant = _tenants[name];
        tenant.Sequences.Remove(sequence.WaitingNode!);
        sequence.WaitingNode = null;
        Count--;
        if (tenant.Sequences.Count == 0)
        {
            // What a tenant saved up while it had nothing to do is forfeit.
            _turns.Remove(tenant.Turn);
            _tenants.Remove(name);
        }
    }

    /// <summary>The sequence that has waited longest; null when none waits. Each tenant's are in order of arrival.</summary>
    public Sequence? Oldest()
    {
        Sequence? oldest = null;
        foreach (var tenant in _turns)
        {
            var first = tenant.Sequences.First!.Value;
            oldest = oldest is null || first.SubmittedAt < oldest.SubmittedAt ? first : oldest;
        }

        return oldest;
    }

    private sealed class Tenant
    {
        public Tenant() => Turn = new LinkedListNode<Tenant>(this);

        public LinkedListNode<Tenant> Turn { get; }

        public LinkedList<Sequence> Sequences { get; } = [];

        public long Deficit { get; set; }
    }
}
