using Crescent.Client.Conversations;

namespace Crescent.Client.Json;

/// <summary>One turn of a conversation, as <c>chat --json</c> writes it.</summary>
/// <param name="Turn">Counts the turns of the run from 1.</param>
/// <param name="Text">The answer.</param>
/// <param name="FinishReason">OpenAI's word for its end, or <c>cancelled</c>.</param>
/// <param name="Usage">What it took; null for a cancelled one.</param>
internal sealed record TurnDocument(int Turn, string Text, string? FinishReason, UsageDocument? Usage)
{
    public static TurnDocument Of(int turn, Answer answer) => new(turn, answer.Text, answer.FinishReason, UsageDocument.Of(answer));
}
