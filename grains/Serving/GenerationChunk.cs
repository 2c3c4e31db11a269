using Crescent.Engine.Sampling;
using Crescent.Grains.Contracts.Chat;

namespace Crescent.Grains.Serving;

/// <summary>What has arrived of a generation since the last chunk.</summary>
/// <param name="Tokens">Token ids, in order.</param>
/// <param name="Text">Their text as far as it is certain.</param>
/// <param name="FinishReason">OpenAI's word for the end (<c>stop</c>, <c>length</c>), or null while it goes on.</param>
/// <param name="Usage">With the end.</param>
/// <param name="Logprobs">One for each of <paramref name="Tokens"/> when the call asks for them, else none.</param>
/// <param name="Cut">With the end of an answer that its deadline cut short: when, such as <c>after 31 output tokens</c>. The finish reason is <c>length</c> then.</param>
/// <param name="Embedding">(hidden size), with the end of a call that wants it.</param>
public readonly record struct GenerationChunk(
    IReadOnlyList<int> Tokens,
    string Text,
    string? FinishReason,
    ChatUsage? Usage,
    IReadOnlyList<TokenLogprobs>? Logprobs = null,
    string? Cut = null,
    float[]? Embedding = null);
