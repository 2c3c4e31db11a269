namespace Crescent.Client.Mock;

/// <summary>How an answer is written, as events or whole. When is not its business. One answer at a time.</summary>
internal interface IMockForm
{
    /// <summary>Writes what comes before the first token.</summary>
    void Begin(in MockPlan plan, MockBuffer into);

    /// <summary>Writes a chunk.</summary>
    /// <param name="plan">Of the answer.</param>
    /// <param name="tokens">Tokens of the chunk.</param>
    /// <param name="isThought">Whether they are thoughts.</param>
    /// <param name="into">Takes it.</param>
    void Chunk(in MockPlan plan, int tokens, bool isThought, MockBuffer into);

    /// <summary>Writes what comes after the last token.</summary>
    void End(in MockPlan plan, MockBuffer into);

    /// <summary>The answer as one JSON document.</summary>
    string Whole(in MockPlan plan);
}
