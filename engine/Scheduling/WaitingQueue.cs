using Crescent.Engine.Kv;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// Sequences that wait for their first blocks, or, preempted, to have them back. Classes are served in order, but each
/// <see cref="EngineOptions.Aging"/> of waiting lifts a sequence by one class, so that none starves. Within a class tenants share fairly, and of a
/// tenant's sequences those go first whose programs were given least, or that came first, as <see cref="EngineOptions.QueueOrder"/> says, and whose prefix is in memory.
/// </summary>
internal sealed class WaitingQueue
{
    /// <summary>Priority classes.</summary>
    public static readonly int Classes = Enum.GetValues<RequestPriority>().Length;

    private readonly TenantQueues[] _classes;
    private readonly List<Sequence> _resumed = [];
    private readonly long _aging;
    private readonly FairnessIndex _fairness;

    /// <param name="options">Aging and weights.</param>
    /// <param name="kv">Says what is in memory.</param>
    /// <param name="time">Clock of the sequences' timestamps.</param>
    public WaitingQueue(EngineOptions options, KvCache kv, TimeProvider time)
    {
        _aging = (long)(options.Aging.TotalSeconds * time.TimestampFrequency);
        _fairness = new FairnessIndex(time);
        _classes = new TenantQueues[Classes];
        for (var i = 0; i < _classes.Length; i++)
        {
            _classes[i] = new TenantQueues(options, Cached, _aging, time);
        }

        double Cached(Sequence sequence) => (double)kv.CachedPositions(sequence.Table, sequence.TokenCount) / sequence.TokenCount;
    }

    /// <summary>Sequences that wait.</summary>
    public int Count { get; private set; }

    /// <summary>Whether one waits that has begun elsewhere; the next is then such a one.</summary>
    public bool HasResumed => _resumed.Count > 0;

    /// <summary>Sequences of a class that wait.</summary>
    public int CountOf(RequestPriority priority) => _classes[(int)priority].Count;

    /// <summary>Tokens that the waiting sequences have to compute before their next output.</summary>
    public long Tokens { get; private set; }

    /// <summary>How evenly the tenants that wait are served, see <see cref="FairnessIndex"/>.</summary>
    public double Fairness => _fairness.Value;

    /// <summary>The same of programs.</summary>
    public double ProgramFairness => _fairness.OfPrograms;

    /// <summary>Puts a new sequence last in its class.</summary>
    public void Add(Sequence sequence)
    {
        // One that has begun elsewhere has a reader who is used to tokens, and had its turn there.
        var since = sequence.SubmittedAt - (sequence.Request.ResumedTokens > 0 ? _aging : 0);
        sequence.Urgency = UrgencyIn(sequence.Request.Priority, since);
        Of(sequence).Add(sequence);
        CountIn(sequence);
    }

    /// <summary>Puts a sequence that was preempted first among its tenant's.</summary>
    public void Return(Sequence sequence)
    {
        Of(sequence).Return(sequence);
        CountIn(sequence);
    }

    /// <summary>Puts a sequence that was set aside first among its tenant's.</summary>
    public void Unpark(Sequence sequence)
    {
        Of(sequence).Unpark(sequence);
        CountIn(sequence);
    }

    /// <summary>The sequence to start next, or null.</summary>
    /// <param name="urgency">Its turn: the urgency of what has waited longest in the class that it is taken from.</param>
    public Sequence? Next(out long urgency)
    {
        urgency = long.MaxValue;
        if (Count == 0)
        {
            return null;
        }

        if (HasResumed)
        {
            urgency = _resumed[0].Urgency;
            return _resumed[0];
        }

        var at = 0;
        while (_classes[at].Count == 0)
        {
            at++;
        }

        var (best, before) = (at, long.MaxValue);
        urgency = _classes[at].Oldest();
        var highest = urgency;
        while (++at < _classes.Length)
        {
            // What has waited so long that it goes before a higher class; of that class nothing else does.
            if (_classes[at].Oldest() is var oldest && oldest < urgency)
            {
                (best, before, urgency) = (at, highest, oldest);
            }
        }

        return _classes[best].Next(before);
    }

    /// <summary>Takes out the sequence that is started in the turn <paramref name="urgency"/>, which it keeps.</summary>
    public void Start(Sequence sequence, long urgency)
    {
        Of(sequence).Start(sequence);
        sequence.Urgency = Math.Min(sequence.Urgency, urgency);
        CountOut(sequence);
    }

    /// <summary>Whether a waiting call goes before one of its class and tenant whose prompt is in progress.</summary>
    public bool Overtakes(Sequence waiting, Sequence running) =>
        waiting.Request.Priority == running.Request.Priority && Of(waiting).Programs.Overtakes(waiting, running);

    /// <summary>Charges a running sequence's tenant for what was computed of it.</summary>
    public void Charge(Sequence sequence) => Of(sequence).Charge(sequence);

    /// <summary>A running sequence has ended or lost its blocks.</summary>
    public void Stop(Sequence sequence) => Of(sequence).Stop(sequence);

    /// <summary>Sets a waiting sequence aside.</summary>
    public void Park(Sequence sequence)
    {
        Of(sequence).Park(sequence);
        CountOut(sequence);
    }

    /// <summary>A sequence that was set aside ends.</summary>
    public void RemoveParked(Sequence sequence) => Of(sequence).RemoveParked(sequence);

    /// <summary>Takes out a sequence that ends without being started; false when it does not wait.</summary>
    public bool Remove(Sequence sequence)
    {
        if (!sequence.IsWaiting)
        {
            return false;
        }

        Of(sequence).Remove(sequence);
        CountOut(sequence);
        return true;
    }

    /// <summary>What a sequence of <paramref name="priority"/> from <paramref name="since"/> is as urgent as: the moment at which an interactive one came that is.</summary>
    public long UrgencyIn(RequestPriority priority, long since) => since + ((int)priority * _aging);

    /// <summary>A waiting sequence has become more urgent: it goes before its tenant's others.</summary>
    public void Raise(Sequence sequence) => Of(sequence).PutFirst(sequence);

    /// <summary>Measures how fair it was, when it is time.</summary>
    public void Measure() => _fairness.Measure(_classes);

    private TenantQueues Of(Sequence sequence) => _classes[(int)sequence.Request.Priority];

    private void CountIn(Sequence sequence)
    {
        Count++;
        Tokens += sequence.TokenCount;
        if (sequence.Request.ResumedTokens > 0)
        {
            _resumed.Add(sequence);
        }
    }

    private void CountOut(Sequence sequence)
    {
        Count--;
        Tokens -= sequence.TokenCount;
        if (sequence.Request.ResumedTokens > 0)
        {
            _resumed.Remove(sequence);
        }
    }
}
