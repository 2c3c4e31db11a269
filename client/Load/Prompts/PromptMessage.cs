namespace Crescent.Client.Load.Prompts;

/// <summary>A message of a chat, as a stretch of its prompt.</summary>
/// <param name="Role"><c>system</c>, <c>user</c> or <c>assistant</c>.</param>
/// <param name="Tokens">Tokens of the prompt that are its own, what the template writes about it included.</param>
internal readonly record struct PromptMessage(string Role, int Tokens)
{
    /// <summary>A prompt of so many tokens that goes on from one with these messages and its answer; one message of the user where it does not, since it is no longer than those.</summary>
    /// <param name="before">The messages of the call before; null for none.</param>
    /// <param name="answer">Tokens of its answer.</param>
    /// <param name="tokens">Tokens of the prompt.</param>
    public static PromptMessage[] Next(PromptMessage[]? before, int answer, int tokens)
    {
        var known = before?.Sum(static message => message.Tokens) + answer;
        return known < tokens ? [.. before!, new("assistant", answer), new("user", tokens - known.Value)] : [new("user", tokens)];
    }
}
