namespace Crescent.Engine.Scheduling;

/// <summary>
/// The waiting sequences of one priority class, fair between tenants by a virtual token counter (Sheng et al., OSDI 2024): every tenant has a counter of
/// what was computed for it, and the one with the lowest goes next. A tenant that comes with nothing pending is lifted to the lowest
/// counter of those that wait, so that nobody saves up for later; what it is ahead of them it keeps, and forgets while it is away.
/// </summary>
/// <param name="options">Weights of tenants.</param>
/// <param name="cachedShare">Share of a sequence's tokens that is in memory, 0 to 1.</param>
/// <param name="aging">Waiting time that a sequence whose tokens are all in memory is put forward by, in ticks of <paramref name="time"/>.</param>
/// <param name="time">Clock of the sequences' timestamps.</param>
internal sealed class TenantQueues(EngineOptions options, Func<Sequence, double> cachedShare, long aging, TimeProvider time)
{
    /// <summary>Tenants with nothing in the engine that are remembered.</summary>
    public const int MaxIdle = 1024;

    /// <summary>Of so many sequences started one is that which has waited longest, whoever's it is: no stream of new tenants holds one up for ever.</summary>
    public const int OldestEach = 16;

    /// <summary>Of a tenant's sequences so many are looked at for one whose prefix is in memory.</summary>
    private const int Window = 16;

    /// <summary>Time in which half of what a tenant is ahead of the others is forgotten while it has nothing in the engine.</summary>
    private static readonly TimeSpan Forgetting = TimeSpan.FromMinutes(1);

    /// <summary>Output tokens expected of the first answers.</summary>
    private const double FirstOutput = 64;

    private readonly Dictionary<string, TenantAccount> _accounts = new(StringComparer.Ordinal);
    private readonly LinkedList<TenantAccount> _pending = [];
    private readonly LinkedList<TenantAccount> _idle = [];
    private TenantAccount? _lastLeft;
    private int _starts;

    /// <summary>Sequences that wait and may be started.</summary>
    public int Count { get; private set; }

    /// <summary>Tenants that have something waiting or parked.</summary>
    public LinkedList<TenantAccount> Pending => _pending;

    /// <summary>Tenants of which something is known.</summary>
    public int Known => _accounts.Count;

    /// <summary>Puts a new sequence last among its tenant's.</summary>
    public void Add(Sequence sequence)
    {
        var account = sequence.Account = Account(sequence.Request.Tenant);
        if (account.Pending == 0)
        {
            Lift(account);
        }

        Enter(account);
        account.Waiting.AddLast(sequence.Node);
        Count++;
    }

    /// <summary>Puts a sequence that was started, or set aside, before, first among its tenant's.</summary>
    public void Return(Sequence sequence)
    {
        Enter(sequence.Account!);
        sequence.Account!.Waiting.AddFirst(sequence.Node);
        Count++;
    }

    /// <summary>Takes out a sequence that is started.</summary>
    public void Start(Sequence sequence)
    {
        _starts++;
        TakeOut(sequence);
        sequence.Account!.Begin(sequence);
        Leave(sequence.Account);
    }

    /// <summary>A running sequence has ended or lost its blocks.</summary>
    public void Stop(Sequence sequence)
    {
        sequence.Account!.Stop(sequence);
        Settle(sequence.Account);
    }

    /// <summary>Puts a waiting sequence before its tenant's others.</summary>
    public static void Raise(Sequence sequence)
    {
        var waiting = sequence.Account!.Waiting;
        waiting.Remove(sequence.Node);
        waiting.AddFirst(sequence.Node);
    }

    /// <summary>Sets a waiting sequence aside; it counts as its tenant's all the same.</summary>
    public void Park(Sequence sequence) => TakeOut(sequence);

    /// <summary>Takes out a sequence that waits and will not be started.</summary>
    public void Remove(Sequence sequence)
    {
        TakeOut(sequence);
        Leave(sequence.Account!);
    }

    /// <summary>A sequence that was set aside will not come back.</summary>
    public void RemoveParked(Sequence sequence) => Leave(sequence.Account!);

    /// <summary>The least <see cref="Sequence.Urgency"/> among the first of each tenant; <see cref="long.MaxValue"/> when none waits.</summary>
    public long Oldest()
    {
        var oldest = long.MaxValue;
        for (var node = _pending.First; node is not null; node = node.Next)
        {
            if (node.Value.Waiting.First is { } first)
            {
                oldest = Math.Min(oldest, first.Value.Urgency);
            }
        }

        return oldest;
    }

    /// <summary>The sequence whose turn it is, of tenants whose first is more urgent than <paramref name="before"/>; null when there is none.</summary>
    public Sequence? Next(long before)
    {
        TenantAccount? best = null;
        var byAge = _starts % OldestEach == OldestEach - 1;
        for (var node = _pending.First; node is not null; node = node.Next)
        {
            var account = node.Value;
            if (account.Waiting.First is { } first && first.Value.Urgency < before && (best is null || IsBefore(account, best, byAge)))
            {
                best = account;
            }
        }

        return best is null ? null : byAge ? best.Waiting.First!.Value : CachedFirst(best);
    }

    private static bool IsBefore(TenantAccount account, TenantAccount other, bool byAge)
    {
        var byService = account.Service.CompareTo(other.Service);
        return byService != 0 && !byAge ? byService < 0 : account.Waiting.First!.Value.Urgency < other.Waiting.First!.Value.Urgency;
    }

    /// <summary>The tenant's sequence that has waited longest, where what is in memory counts as waiting.</summary>
    private Sequence CachedFirst(TenantAccount account)
    {
        var best = account.Waiting.First!.Value;
        if (account.Waiting.Count == 1)
        {
            return best;
        }

        var bestUrgency = double.MaxValue;
        var node = account.Waiting.First;
        for (var i = 0; i < Window && node is not null; i++, node = node.Next)
        {
            var urgency = node.Value.Urgency - (cachedShare(node.Value) * aging);
            if (urgency < bestUrgency)
            {
                (best, bestUrgency) = (node.Value, urgency);
            }
        }

        return best;
    }

    private TenantAccount Account(string name)
    {
        if (!_accounts.TryGetValue(name, out var account))
        {
            var weight = options.TenantWeights.GetValueOrDefault(name, EngineOptions.DefaultTenantWeight);
            _accounts[name] = account = new TenantAccount(name, weight, FirstOutput);
        }

        return account;
    }

    private void Lift(TenantAccount account)
    {
        var floor = double.MaxValue;
        for (var node = _pending.First; node is not null; node = node.Next)
        {
            floor = Math.Min(floor, node.Value.Service);
        }

        floor = _pending.First is null ? _lastLeft?.Service ?? 0 : floor;
        var ahead = account.Service - floor;
        if (ahead > 0 && account.IsIdle)
        {
            ahead *= Math.Pow(0.5, time.GetElapsedTime(account.LeftAt) / Forgetting);
        }

        account.Service = floor + Math.Max(0, ahead);
    }

    private void Enter(TenantAccount account)
    {
        if (account.Pending++ == 0)
        {
            account.Node.List?.Remove(account.Node);
            _pending.AddLast(account.Node);
        }
    }

    private void TakeOut(Sequence sequence)
    {
        sequence.Account!.Waiting.Remove(sequence.Node);
        Count--;
    }

    private void Leave(TenantAccount account)
    {
        if (--account.Pending == 0)
        {
            account.GivenBefore = double.NaN;
            _pending.Remove(account.Node);
            _lastLeft = account;
            Settle(account);
        }
    }

    /// <summary>Remembers a tenant that has nothing left in the engine, and forgets the one that has been away longest.</summary>
    private void Settle(TenantAccount account)
    {
        if (!account.IsIdle)
        {
            return;
        }

        account.LeftAt = time.GetTimestamp();
        _idle.AddLast(account.Node);
        if (_idle.Count > MaxIdle)
        {
            _accounts.Remove(_idle.First!.Value.Name);
            _idle.RemoveFirst();
        }
    }
}
