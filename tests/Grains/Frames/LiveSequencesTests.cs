using Crescent.Grains.Frames;

namespace Crescent.Tests.Grains.Frames;

public sealed class LiveSequencesTests
{
    private readonly LiveSequences _live = new();

    [Fact]
    public void Prompts_wait_until_the_first_token_and_count_as_computed_then()
    {
        var (first, second) = (Sequence(1, 100, 0.25), Sequence(2, 40, 0.5));
        Assert.True(_live.TryAdd(first) && _live.TryAdd(second));
        Assert.Equal((140, 0.75, 0.0), (_live.QueuedPromptTokens, _live.QueuedPromptSeconds, _live.ComputedPromptSeconds));
        _live.Start(first);
        _live.Start(first);
        Assert.Equal((40, 0.5, 0.25), (_live.QueuedPromptTokens, _live.QueuedPromptSeconds, _live.ComputedPromptSeconds));
        _live.Remove(first);
        Assert.Equal((40, 0.5, 0.25), (_live.QueuedPromptTokens, _live.QueuedPromptSeconds, _live.ComputedPromptSeconds));
    }

    [Fact]
    public void A_prompt_that_never_had_a_token_is_not_computed()
    {
        var sequence = Sequence(1, 100, 0.25);
        Assert.True(_live.TryAdd(sequence));
        _live.Remove(sequence);
        _live.Remove(sequence);
        Assert.Equal((0, 0, 0.0, 0.0), (_live.NotStarted, _live.QueuedPromptTokens, _live.QueuedPromptSeconds, _live.ComputedPromptSeconds));
    }

    private static LiveSequence Sequence(int stream, int tokens, double seconds) => new(new StreamTicket(stream), null!, 0, tokens, seconds, 10);
}
