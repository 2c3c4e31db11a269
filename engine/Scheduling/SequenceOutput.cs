using Crescent.Engine.Sampling;

namespace Crescent.Engine.Scheduling;

/// <summary>What one step gave for one sequence.</summary>
/// <param name="Request">Whose output it is.</param>
/// <param name="Offset">Output tokens of the sequence before this one: offsets of a sequence are contiguous.</param>
/// <param name="Token">The token, or -1 when the output only ends the sequence (cancelled, failed).</param>
/// <param name="Text">Text that is certain now; text that may still be part of a character or a stop string is held back.</param>
/// <param name="Finish">Why the sequence ended with this output, or <see cref="FinishReason.None"/>.</param>
/// <param name="Usage">Set with <paramref name="Finish"/>.</param>
/// <param name="Error">Set with <see cref="FinishReason.Error"/> and <see cref="FinishReason.Deadline"/>.</param>
/// <param name="Logprobs">Of the token, when the request asks for them.</param>
/// <param name="Embedding">(hidden size), with the end of a request that wants it.</param>
public readonly record struct SequenceOutput(
    InferenceRequest Request,
    int Offset,
    int Token,
    string Text,
    FinishReason Finish,
    SequenceUsage? Usage,
    string? Error,
    TokenLogprobs? Logprobs = null,
    float[]? Embedding = null);
