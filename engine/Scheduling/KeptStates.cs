using Crescent.Engine.Devices;
using Crescent.Engine.Kv;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// Where the state of a sequence is kept for prompts to come, on a device that keeps states: behind the last whole block of its prompt, where a next turn
/// goes on even if the answer's thinking is left out; where it departs from others before it; every so many positions (<see cref="IntervalFor"/>); and behind the last
/// whole block that it has decoded, one after the other in one place.
/// </summary>
internal static class KeptStates
{
    private const int Interval = 2048;
    private const int LongestInterval = 8192;

    /// <summary>Blocks that guesses let a sequence decode without a state that is kept.</summary>
    private const int BlocksApart = 4;

    /// <summary>Positions between two states of a long prompt, whole blocks of any size: about what a step of <paramref name="stepTokens"/> takes, so that few steps are cut for them alone.</summary>
    public static int IntervalFor(int stepTokens) => Math.Clamp(stepTokens, Interval, LongestInterval) / KvBlockSize.Most * KvBlockSize.Most;

    /// <summary>Positions from where a sequence is to the next place in its prompt; a step may take no more.</summary>
    public static int UntilNext(KvBlockSize blockSize, Sequence sequence, int interval)
    {
        var position = sequence.Position;
        var next = ((position / interval) + 1) * interval;
        if (sequence.DepartsAt > position)
        {
            next = Math.Min(next, sequence.DepartsAt);
        }

        var end = EndOfPrompt(blockSize, sequence);
        return (end > position ? Math.Min(next, end) : next) - position;
    }

    /// <summary>Keeps the state of a sequence that has just computed some of its tokens, if it is at such a place.</summary>
    public static void Keep(KvCache kv, Sequence sequence, int interval)
    {
        var computed = sequence.Computed;
        if (kv.BlockSize.Slot(computed) != 0)
        {
            return;
        }

        var decoding = computed > sequence.Request.Prompt.Length;
        if (decoding || computed % interval == 0 || computed == sequence.DepartsAt || computed == EndOfPrompt(kv.BlockSize, sequence))
        {
            var passed = !decoding && computed != sequence.DepartsAt && computed != EndOfPrompt(kv.BlockSize, sequence);
            kv.KeepState(sequence.Table, computed, replaces: decoding, passed);
        }
    }

    /// <summary>
    /// Guesses after its newest token that a sequence may have checked: its state can be kept only where a step ends, and where that has not been at a block's end for long, guesses are not
    /// to pass the next.
    /// </summary>
    public static int MostGuesses(KvBlockSize blockSize, Sequence sequence) => sequence.HashRoot is null || sequence.Position - sequence.Table.KeptAt < blockSize.PositionsIn(BlocksApart)
        ? Speculation.MaxTokens
        : blockSize.Positions - 1 - blockSize.Slot(sequence.Position);

    /// <summary>The last whole block before the token whose logits are wanted.</summary>
    public static int EndOfPrompt(KvBlockSize blockSize, Sequence sequence) =>
        blockSize.PositionsIn(blockSize.FullBlocks(Math.Max(sequence.Request.Prompt.Length, sequence.TokenCount) - 1));
}
