namespace Crescent.Engine.Scheduling;

/// <summary>
/// What a tenant's program has been given in one class, and its calls that wait. A program that was given little goes before one that was given much, since
/// it is likely to be done sooner: least attained service (Luo et al., Autellix, 2025). What was given counts half as much each <see cref="HalfLife"/>, and
/// each <see cref="EngineOptions.Aging"/> that its first call has waited halves it too.
/// </summary>
/// <remarks>
/// All programs forget alike, so that their order changes only when one of them is given something. The order is by
/// log2(given) + (time of the gift) / half-life + (arrival of the first call) x (1 / aging - 1 / half-life), which no passing of time changes: nothing is
/// sorted anew. A new program begins at log2(<see cref="Least"/>) + (its arrival) / half-life, so that new ones are apart by the time between them over aging.
/// </remarks>
/// <param name="key">Whose it is, and its name; null for a call that names none and is a program of its own.</param>
internal sealed class ProgramAccount(ProgramKey? key) : IHeapItem<ProgramAccount>
{
    /// <summary>Tokens, prompt and twice the output, up to which programs count as given nothing: so the calls of new ones go in the order of their arrival.</summary>
    public const double Least = 1024;

    /// <summary>What is computed is put to account in parts of so many tokens: no step has to find the order anew.</summary>
    private const double Part = 256;

    /// <summary>
    /// What a prompt token that is still to be computed counts beside one that was: all others wait for it, and it pushes something of somebody else out of memory.
    /// So a program goes on whose context is there before one begins whose is not.
    /// </summary>
    private const double Ahead = 8;

    /// <summary>Time in which what was given comes to count half.</summary>
    public static readonly TimeSpan HalfLife = TimeSpan.FromSeconds(60);

    // log2 of what was given, as it will count at time 0: plus the time in half-lives, it rises by 1 for each half-life that forgets.
    private double _level = double.NegativeInfinity;
    private double _rank;
    private double _owed;

    /// <summary>Its name among all; null for a call of its own.</summary>
    public ProgramKey? Key => key;

    /// <summary>Its place among those that have something waiting, or among the idle ones.</summary>
    public LinkedListNode<ProgramAccount>? Node { get; set; }

    /// <summary>Its calls that wait: those first on which it waits itself, then those that came first.</summary>
    public IndexedHeap<Sequence> Waiting { get; } = new();

    /// <summary>Its calls that wait or are parked.</summary>
    public int Pending { get; set; }

    /// <summary>Its calls in the batch.</summary>
    public int Running { get; set; }

    /// <summary>What was computed for it; only ever grows.</summary>
    public double Given { get; private set; }

    /// <summary>What it had been given when the window of the fairness index began; NaN when it had nothing pending all along.</summary>
    public double GivenBefore { get; set; } = double.NaN;

    /// <summary>Whether nothing of it is in the engine.</summary>
    public bool IsIdle => Pending == 0 && Running == 0;

    int IHeapItem<ProgramAccount>.HeapIndex { get; set; }

    /// <summary>What it was given, by what is left of it at <paramref name="now"/>, in half-lives.</summary>
    public double Attained(double now) => Math.Pow(2, _level - now) + _owed;

    /// <summary>A first call of it waits: a program that was given nothing to speak of begins where a new one does.</summary>
    public void BeginWaiting(double now)
    {
        Settle(now);
        _level = Math.Max(_level, Math.Log2(Least) + now);
    }

    /// <summary>Something was computed for it.</summary>
    /// <returns>Whether its order may have changed.</returns>
    public bool Charge(double work, double now)
    {
        Given += work;
        _owed += work;
        return _owed >= Part && Settle(now);
    }

    /// <summary>Finds its order anew. It must have something waiting.</summary>
    /// <param name="waiting">By how much a call goes behind one that came a tick earlier, besides what is forgotten meanwhile.</param>
    public void Rank(double waiting)
    {
        var first = Waiting.First!;
        _rank = RankOf(first, first.PromptLeft, first.Urgency, waiting);
    }

    /// <summary>The order of one of its calls.</summary>
    /// <param name="sequence">The call.</param>
    /// <param name="left">Tokens of its prompt that are to be computed.</param>
    /// <param name="since">What it is as urgent as.</param>
    /// <param name="waiting">As in <see cref="Rank"/>.</param>
    public double RankOf(Sequence sequence, double left, long since, double waiting)
    {
        var ahead = key is null ? 0 : Ahead * left;
        return sequence.QueuedAt + Math.Log2(Math.Pow(2, _level - sequence.QueuedAt) + ahead) + (since * waiting);
    }

    /// <summary>Its order where <paramref name="share"/> of its first call is in memory: all of it counts as one <see cref="EngineOptions.Aging"/> of waiting.</summary>
    public double RankWith(double share) => _rank - share;

    bool IHeapItem<ProgramAccount>.IsBefore(ProgramAccount other)
    {
        var byRank = _rank.CompareTo(other._rank);
        return byRank != 0 ? byRank < 0 : Waiting.First!.Order < other.Waiting.First!.Order;
    }

    private bool Settle(double now)
    {
        _level = _owed > 0 ? now + Math.Log2(Math.Pow(2, _level - now) + _owed) : _level;
        _owed = 0;
        return true;
    }
}
