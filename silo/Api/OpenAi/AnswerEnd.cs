namespace Crescent.Silo.Api.OpenAi;

/// <summary>How an answer has ended.</summary>
/// <param name="Reason">OpenAI's word: <c>stop</c>, <c>length</c>, <c>tool_calls</c>.</param>
/// <param name="Stop">The stop string that ended it; null for none.</param>
/// <param name="Usage">What it took.</param>
/// <param name="Cut">What is to be said of one that its deadline cut short; null for one that it did not.</param>
internal sealed record AnswerEnd(string Reason, string? Stop, AnswerUsage Usage, string? Cut);
