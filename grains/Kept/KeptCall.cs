namespace Crescent.Grains.Kept;

/// <summary>A request whose caller may ask for its answer again, and what there was under its key.</summary>
public sealed class KeptCall
{
    internal KeptCall(KeptAsk ask, KeptReply reply)
    {
        (Ask, Reply) = (ask, reply);
    }

    /// <summary>What there was.</summary>
    public KeptState State => Reply.State;

    /// <summary>Whether its answer was begun before, by whomever.</summary>
    public bool IsJoined => State == KeptState.There;

    internal KeptAsk Ask { get; }

    internal KeptReply Reply { get; }
}
