using Crescent.Engine.Kv;

namespace Crescent.Engine.Scheduling;

/// <summary>The running sequences with more than one token to compute and nothing to wait for, the most urgent first.</summary>
internal sealed class RunningPrompts
{
    /// <summary>They.</summary>
    public List<Sequence> Sequences { get; } = [];

    /// <summary>How many there are.</summary>
    public int Count => Sequences.Count;

    /// <summary>One of them.</summary>
    public Sequence this[int index] => Sequences[index];

    /// <summary>Finds them among <paramref name="running"/>.</summary>
    public void Fill(List<Sequence> running, KvCache kv)
    {
        Sequences.Clear();
        foreach (var sequence in running)
        {
            if (sequence.Remaining > 1 && kv.IsThere(sequence.Table))
            {
                var at = Sequences.Count;
                while (at > 0 && sequence.Urgency < Sequences[at - 1].Urgency)
                {
                    at--;
                }

                Sequences.Insert(at, sequence);
            }
        }
    }
}
