namespace Crescent.Engine.Scheduling;

/// <summary>What a tenant has been given in one class, and what of it waits. Tokens are those of <see cref="Sequence.Work"/>, over the tenant's weight.</summary>
internal sealed class TenantAccount
{
    /// <summary>Weight of the newest answer in the length that is expected of the next.</summary>
    private const double LengthWeight = 0.1;

    private double _expectedOutput;

    /// <param name="name">Whose it is.</param>
    /// <param name="weight">Its share beside tenants of weight 1; above 0.</param>
    /// <param name="expectedOutput">Tokens that an answer is expected to have until one has ended.</param>
    public TenantAccount(string name, double weight, double expectedOutput)
    {
        Name = name;
        Weight = weight;
        _expectedOutput = expectedOutput;
        Node = new LinkedListNode<TenantAccount>(this);
    }

    public string Name { get; }

    public double Weight { get; }

    /// <summary>Its place among those that have something pending, or among the idle ones.</summary>
    public LinkedListNode<TenantAccount> Node { get; }

    /// <summary>Its sequences that wait and may be started, in their order.</summary>
    public LinkedList<Sequence> Waiting { get; } = [];

    /// <summary>Its programs of which something waits and may be started; empty where calls do not go by programs.</summary>
    public IndexedHeap<ProgramAccount> Programs { get; } = new();

    /// <summary>Its sequences that wait or are parked.</summary>
    public int Pending { get; set; }

    /// <summary>Its sequences in the batch.</summary>
    public int Running { get; private set; }

    /// <summary>The counter by which tenants are chosen, the lowest first: what was computed, and what its running sequences are still expected to take.</summary>
    public double Service { get; set; }

    /// <summary>What was computed for it; only ever grows.</summary>
    public double Given { get; private set; }

    /// <summary>When nothing of it was left in the engine; meaningless while something is.</summary>
    public long LeftAt { get; set; }

    /// <summary>By how much it was ahead of those that waited then.</summary>
    public double Lead { get; set; }

    /// <summary>What it had been given when the window of the fairness index began; NaN when it had nothing pending all along.</summary>
    public double GivenBefore { get; set; } = double.NaN;

    /// <summary>Whether nothing of it is in the engine.</summary>
    public bool IsIdle => Pending == 0 && Running == 0;

    /// <summary>Work that a sequence of it is expected to take, as far as is known before a cache is asked.</summary>
    public double Expected(Sequence sequence) => sequence.WorkLeft(_expectedOutput);

    /// <summary>A sequence begins: what it is expected to take counts at once, so that the next choice knows of it.</summary>
    public void Begin(Sequence sequence)
    {
        Running++;
        sequence.Prepaid = Expected(sequence);
        Service += sequence.Prepaid / Weight;
    }

    /// <summary>Charges what has been computed of a sequence and is not charged yet.</summary>
    /// <returns>What that is, over the weight.</returns>
    public double Charge(Sequence sequence)
    {
        var work = sequence.Work - sequence.ChargedWork;
        if (work <= 0)
        {
            return 0;
        }

        sequence.ChargedWork = sequence.Work;
        var prepaid = Math.Min(work, sequence.Prepaid);
        sequence.Prepaid -= prepaid;
        Given += work / Weight;
        Service += (work - prepaid) / Weight;
        return work / Weight;
    }

    /// <summary>A sequence, charged already, has ended or lost its blocks: what it did not take is given back.</summary>
    public void Stop(Sequence sequence)
    {
        Running--;
        Service -= sequence.Prepaid / Weight;
        sequence.Prepaid = 0;
        if (sequence.HasEnded && sequence.Pool is null)
        {
            _expectedOutput += LengthWeight * (sequence.OutputCount - _expectedOutput);
        }
    }
}
