namespace Crescent.Engine.Scheduling;

/// <summary>How many tokens each prompt may have of a step's budget, asked in the order of their urgency.</summary>
/// <param name="budget">Of the step.</param>
/// <param name="share">Part of the room for prompts that one of them takes while others want some.</param>
internal sealed class PromptShares(StepBudget budget, double share)
{
    private readonly int[] _wanting = new int[WaitingQueue.Classes];
    private RequestPriority _ending;

    /// <summary>A new step, whose decodes are in.</summary>
    /// <param name="prompts">Running sequences that want to go on.</param>
    /// <param name="waiting">Those that want to begin.</param>
    public void Open(List<Sequence> prompts, WaitingQueue waiting)
    {
        budget.OpenPrompts(waiting.HasResumed || prompts.Exists(static p => p is { OutputCount: 0, Request.ResumedTokens: > 0 }));
        _ending = RequestPriority.Batch;
        for (var i = 0; i < _wanting.Length; i++)
        {
            _wanting[i] = waiting.CountOf((RequestPriority)i) + (i > 0 ? _wanting[i - 1] : 0);
            foreach (var sequence in prompts)
            {
                _wanting[i] += (int)sequence.Class == i ? 1 : 0;
            }
        }
    }

    /// <summary>
    /// Tokens for a sequence from <paramref name="position"/> on: all that it wants, but its share where others of its class or a higher one want some too, and
    /// no more than a prompt of a higher class that ends in this step can wait for. 0 when no time is left.
    /// </summary>
    public int First(Sequence sequence, int position)
    {
        if (_ending < sequence.Class)
        {
            budget.Hurry(_ending);
        }

        var chunk = Rest(sequence, position);
        return _wanting[(int)sequence.Class] > 1 ? Math.Min(chunk, budget.Share(share, position)) : chunk;
    }

    /// <summary>Tokens for a sequence from <paramref name="position"/> on, of what nobody else could take.</summary>
    public int Rest(Sequence sequence, int position) => Math.Min(sequence.TokenCount - position, budget.Room(position));

    /// <summary>A sequence has <paramref name="tokens"/> from <paramref name="position"/> on.</summary>
    public void Take(Sequence sequence, int position, int tokens)
    {
        budget.Prompt(tokens, position);
        if (position + tokens == sequence.TokenCount && sequence.Class < _ending)
        {
            _ending = sequence.Class;
        }
    }
}
