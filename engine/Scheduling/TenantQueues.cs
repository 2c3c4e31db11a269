namespace Crescent.Engine.Scheduling;

/// <summary>
/// The waiting sequences of one priority class, fair between tenants by a virtual token counter (Sheng et al., OSDI 2024): every tenant has a counter of
/// what was computed for it, and the one with the lowest goes next.
/// </summary>
/// <remarks>
/// The level is the lowest counter of those that waited at the last start. A tenant that comes begins there, so that nobody saves up for later; by as much as it was ahead of
/// the level when its last sequence ended it still is, but for what it forgets while it is away. What a tenant takes while it is alone raises the level too:
/// nobody missed it.
/// </remarks>
/// <param name="options">Weights of tenants.</param>
/// <param name="cachedShare">Share of a sequence's tokens that is in memory, 0 to 1.</param>
/// <param name="aging">Waiting time that a sequence whose tokens are all in memory is put forward by, in ticks of <paramref name="time"/>.</param>
/// <param name="time">Clock of the sequences' timestamps.</param>
internal sealed class TenantQueues(EngineOptions options, Func<Sequence, double> cachedShare, long aging, TimeProvider time)
{
    /// <summary>Tenants with nothing in the engine that are remembered.</summary>
    public const int MaxIdle = 1024;

    /// <summary>
    /// One in so many parts of the work is for what has waited longest, whoever's it is, when it is not its turn for as long: no stream of new tenants holds
    /// one up for ever.
    /// </summary>
    public const int OldestPart = 16;

    /// <summary>Of a tenant's sequences so many are looked at for one whose prefix is in memory.</summary>
    private const int Window = 16;

    /// <summary>Time in which a tenant that is away forgets half of what it is ahead.</summary>
    private static readonly TimeSpan Forgetting = TimeSpan.FromMinutes(1);

    /// <summary>Output tokens expected of the first answers.</summary>
    private const double FirstOutput = 64;

    private readonly Dictionary<string, TenantAccount> _accounts = new(StringComparer.Ordinal);
    private readonly LinkedList<TenantAccount> _pending = [];
    private readonly LinkedList<TenantAccount> _idle = [];
    private readonly ProgramAccounts _programs = new(options.QueueOrder, cachedShare, aging, time);
    private double _level;
    private double _passedOver;

    /// <summary>Sequences that wait and may be started.</summary>
    public int Count { get; private set; }

    /// <summary>Tenants that have something waiting or parked.</summary>
    public LinkedList<TenantAccount> Pending => _pending;

    /// <summary>Programs of all tenants.</summary>
    public ProgramAccounts Programs => _programs;

    /// <summary>Tenants of which something is known.</summary>
    public int Known => _accounts.Count;

    /// <summary>Puts a new sequence last among its tenant's.</summary>
    public void Add(Sequence sequence)
    {
        var account = sequence.Account = Account(sequence.Request.Tenant);
        if (account.Pending == 0)
        {
            account.Service = account.IsIdle ? _level + Kept(account) : Math.Max(account.Service, _level);
        }

        Enter(account);
        _programs.Enter(sequence);
        account.Waiting.AddLast(sequence.Node);
        _programs.Add(sequence);
        Count++;
    }

    /// <summary>Puts a sequence that was preempted first among its tenant's.</summary>
    public void Return(Sequence sequence)
    {
        Enter(sequence.Account!);
        _programs.Enter(sequence);
        Unpark(sequence);
    }

    /// <summary>Puts a sequence that was set aside first among its tenant's.</summary>
    public void Unpark(Sequence sequence)
    {
        sequence.GoesFirst = true;
        sequence.Account!.Waiting.AddFirst(sequence.Node);
        _programs.Add(sequence);
        Count++;
    }

    /// <summary>Takes out a sequence that is started.</summary>
    public void Start(Sequence sequence)
    {
        RaiseLevel();
        var isOldest = sequence.Urgency <= Oldest();
        TakeOut(sequence);
        sequence.Account!.Begin(sequence);
        sequence.Program!.Running++;
        sequence.Since = sequence.Urgency;
        Leave(sequence);
        _passedOver = isOldest ? 0 : _passedOver + sequence.Prepaid;
    }

    /// <summary>Charges a running sequence's tenant for what was computed of it.</summary>
    public void Charge(Sequence sequence)
    {
        var before = sequence.ChargedWork;
        var charged = sequence.Account!.Charge(sequence);
        _programs.Charge(sequence, sequence.ChargedWork - before);
        if (_accounts.Count - _idle.Count == 1)
        {
            _level += charged;
        }
    }

    /// <summary>A running sequence has ended or lost its blocks.</summary>
    public void Stop(Sequence sequence)
    {
        Charge(sequence);
        sequence.Account!.Stop(sequence);
        Settle(sequence.Account);
        _programs.Stop(sequence);
    }

    /// <summary>Puts a waiting sequence before its tenant's others.</summary>
    public void PutFirst(Sequence sequence)
    {
        var waiting = sequence.Account!.Waiting;
        sequence.GoesFirst = true;
        waiting.Remove(sequence.Node);
        waiting.AddFirst(sequence.Node);
        _programs.Raise(sequence);
    }

    /// <summary>Sets a waiting sequence aside; it counts as its tenant's all the same.</summary>
    public void Park(Sequence sequence) => TakeOut(sequence);

    /// <summary>Takes out a sequence that waits and will not be started.</summary>
    public void Remove(Sequence sequence)
    {
        TakeOut(sequence);
        Leave(sequence);
    }

    /// <summary>A sequence that was set aside will not come back.</summary>
    public void RemoveParked(Sequence sequence) => Leave(sequence);

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
        Sequence? oldest = null;
        for (var node = _pending.First; node is not null; node = node.Next)
        {
            var account = node.Value;
            if (account.Waiting.First?.Value is { } first && first.Urgency < before)
            {
                best = best is null || IsBefore(account, best) ? account : best;
                oldest = oldest is null || first.Urgency < oldest.Urgency ? first : oldest;
            }
        }

        return best is null || _passedOver >= (OldestPart - 1) * oldest!.Account!.Expected(oldest) ? oldest : First(best);
    }

    private static bool IsBefore(TenantAccount account, TenantAccount other)
    {
        var byService = account.Service.CompareTo(other.Service);
        return byService != 0 ? byService < 0 : account.Waiting.First!.Value.Urgency < other.Waiting.First!.Value.Urgency;
    }

    /// <summary>The tenant's sequence whose turn it is.</summary>
    private Sequence First(TenantAccount account) =>
        account.Waiting.First!.Value is { GoesFirst: true } first ? first
        : options.QueueOrder == QueueOrder.Program ? _programs.Next(account)
        : CachedFirst(account);

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

    /// <summary>Raises the level to the lowest counter of those that wait.</summary>
    private void RaiseLevel()
    {
        var lowest = double.MaxValue;
        for (var node = _pending.First; node is not null; node = node.Next)
        {
            lowest = Math.Min(lowest, node.Value.Service);
        }

        _level = lowest < double.MaxValue ? Math.Max(_level, lowest) : _level;
    }

    private double Kept(TenantAccount account) =>
        account.Lead > 0 ? account.Lead * Math.Pow(0.5, time.GetElapsedTime(account.LeftAt) / Forgetting) : 0;

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
        _programs.Remove(sequence);
        sequence.Account!.Waiting.Remove(sequence.Node);
        sequence.GoesFirst = false;
        Count--;
    }

    private void Leave(Sequence sequence)
    {
        _programs.Leave(sequence);
        var account = sequence.Account!;
        if (--account.Pending == 0)
        {
            account.GivenBefore = double.NaN;
            _pending.Remove(account.Node);
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
        account.Lead = Math.Max(0, account.Service - _level);
        _idle.AddLast(account.Node);
        if (_idle.Count > MaxIdle)
        {
            _accounts.Remove(_idle.First!.Value.Name);
            _idle.RemoveFirst();
        }
    }
}
