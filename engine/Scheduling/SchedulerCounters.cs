using Crescent.Engine.Devices;
using Crescent.Engine.Kv;

namespace Crescent.Engine.Scheduling;

/// <summary>What a scheduler has counted since its start.</summary>
/// <param name="blockSize">Of the blocks that it looks up.</param>
internal sealed class SchedulerCounters(KvBlockSize blockSize)
{
    /// <summary>Times a sequence lost its blocks to another.</summary>
    public long Preemptions { get; set; }

    /// <summary>Prompt tokens that were looked up in the prefix cache.</summary>
    public long PrefixQueryTokens { get; private set; }

    /// <summary>Of those, tokens found on the device.</summary>
    public long PrefixHitTokens { get; private set; }

    /// <summary>Of those, tokens copied from the host tier.</summary>
    public long HostHitTokens { get; private set; }

    /// <summary>Tokens that forks took over from their leaders.</summary>
    public long ForkedTokens { get; private set; }

    /// <summary>Sequences that were started, resumed ones counted again.</summary>
    public long Starts { get; private set; }

    /// <summary>Prompt tokens of sequences that were started.</summary>
    public long PromptTokens { get; private set; }

    /// <summary>Tokens guessed ahead, and those of them that came true.</summary>
    public GuessCounts Guesses { get; private set; }

    public void CountGuess(DrafterKind by, int guessed, int accepted) => Guesses = Guesses.Add(by, guessed, accepted);

    public void CountLookUp(Sequence sequence, PrefixMatch match)
    {
        if (sequence.HashRoot is null)
        {
            return;
        }

        PrefixQueryTokens += sequence.TokenCount;
        PrefixHitTokens += blockSize.PositionsIn(match.DeviceBlocks);
        HostHitTokens += blockSize.PositionsIn(match.HostBlocks);
        CountCached(sequence, blockSize.PositionsIn(match.Blocks));
    }

    public void CountFork(Sequence sequence, int tokens)
    {
        ForkedTokens += tokens;
        CountCached(sequence, tokens);
    }

    public void CountStart(Sequence sequence)
    {
        Starts++;
        PromptTokens += sequence.Starts == 0 ? sequence.Request.Prompt.Length : 0;
        sequence.Starts++;
    }

    /// <summary>What the caller is told is what the cache saved at the first start; finding one's own blocks again after a preemption is no saving.</summary>
    private static void CountCached(Sequence sequence, int tokens)
    {
        if (sequence.Starts == 0)
        {
            sequence.CachedTokens = Math.Min(tokens, sequence.Request.Prompt.Length);
        }
    }
}
