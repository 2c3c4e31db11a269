using System.Text;
using Crescent.Engine.Sampling;
using Crescent.Grains.Contracts.Chat;

namespace Crescent.Grains.Streams;

/// <summary>What has arrived of a generation since the last chunk. Whoever reads the next one has read this one: tokens, text and logprobs are valid until then.</summary>
/// <param name="Tokens">Token ids, in order.</param>
/// <param name="Utf8">Their text as far as it is certain, in UTF-8.</param>
/// <param name="FinishReason">OpenAI's word for the end (<c>stop</c>, <c>length</c>), or null while it goes on.</param>
/// <param name="Usage">With the end.</param>
/// <param name="Logprobs">One for each of <paramref name="Tokens"/> when the call asks for them, else none.</param>
/// <param name="Cut">With the end of an answer that its deadline cut short: when, such as <c>after 31 output tokens</c>. The finish reason is <c>length</c> then.</param>
/// <param name="Embedding">(hidden size), with the end of a call that wants it.</param>
public readonly record struct GenerationChunk(
    IReadOnlyList<int> Tokens,
    ReadOnlyMemory<byte> Utf8,
    string? FinishReason,
    ChatUsage? Usage,
    IReadOnlyList<TokenLogprobs>? Logprobs = null,
    string? Cut = null,
    float[]? Embedding = null)
{
    /// <summary>The same of a text.</summary>
    public GenerationChunk(IReadOnlyList<int> tokens, string text, string? finishReason, ChatUsage? usage)
        : this(tokens, Encoding.UTF8.GetBytes(text), finishReason, usage)
    {
    }

    /// <summary><see cref="Utf8"/> as a string.</summary>
    public string Text => Encoding.UTF8.GetString(Utf8.Span);

    /// <summary>One that stays as it is.</summary>
    public GenerationChunk Copy() => this with { Tokens = [.. Tokens], Utf8 = Utf8.ToArray(), Logprobs = Logprobs is null ? null : [.. Logprobs] };
}
