using Crescent.Client.Conversations;

namespace Crescent.Client.Json;

/// <summary>One answer, as <c>run --json</c> writes it.</summary>
internal sealed record AnswerDocument(string Text, string? FinishReason, UsageDocument? Usage)
{
    public static AnswerDocument Of(Answer answer) => new(answer.Text, answer.FinishReason, UsageDocument.Of(answer));
}
