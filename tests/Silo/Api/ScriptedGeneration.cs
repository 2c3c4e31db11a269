using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Contracts.Chat;
using Crescent.Grains.Streams;

namespace Crescent.Tests.Silo.Api;

/// <summary>Generates what a test says, and keeps what it was asked for.</summary>
internal sealed class ScriptedGeneration(Func<InferenceRequest, CancellationToken, IAsyncEnumerable<GenerationChunk>> script) : IGenerationService
{
    /// <summary>The calls, in order.</summary>
    public ConcurrentQueue<InferenceRequest> Calls { get; } = [];

    /// <summary>Positions that its largest device holds; 0 while it has none.</summary>
    public int Positions { get; init; }

    public int MaxPositions(string? model) => Positions;

    /// <summary>Ends when a generation was left before its end.</summary>
    public TaskCompletionSource Left { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Gives each of <paramref name="texts"/> as a chunk of one token.</summary>
    public static ScriptedGeneration Of(params string[] texts) => new((call, cancellationToken) => Answer(call, texts, cancellationToken));

    /// <summary>Gives one chunk and then nothing until it is cancelled.</summary>
    public static ScriptedGeneration Endless() => new((_, cancellationToken) => Wait(cancellationToken));

    /// <summary>Fails before the first chunk.</summary>
    public static ScriptedGeneration Failing(Exception exception) => new((_, _) => Fail(exception));

    public async IAsyncEnumerable<GenerationChunk> Generate(InferenceRequest call, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Calls.Enqueue(call);
        var ended = false;
        try
        {
            await foreach (var chunk in script(call, cancellationToken))
            {
                ended |= chunk.FinishReason is not null;
                yield return chunk;
            }
        }
        finally
        {
            if (!ended)
            {
                Left.TrySetResult();
            }
        }
    }

    /// <summary>What every scripted answer is said to have taken.</summary>
    public static ChatUsage Usage(int promptTokens, int completionTokens) => new()
    {
        PromptTokens = promptTokens,
        CompletionTokens = completionTokens,
        QueueSeconds = 0.25,
        PrefillSeconds = 0.5,
        DecodeSeconds = 1.5,
        Joules = 12.5,
        EnergySource = "rapl",
        Device = "device-1/cpu",
    };

    private static async IAsyncEnumerable<GenerationChunk> Answer(
        InferenceRequest call, string[] texts, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var text in texts)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return new GenerationChunk([1], text, null, null);
            await Task.Yield();
        }

        yield return new GenerationChunk([], "", "stop", Usage(call.Prompt.Length, texts.Length));
    }

    private static async IAsyncEnumerable<GenerationChunk> Wait([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        yield return new GenerationChunk([1], "and", null, null);
        await Task.Delay(Timeout.Infinite, cancellationToken);
    }

    private static async IAsyncEnumerable<GenerationChunk> Fail(Exception exception)
    {
        await Task.Yield();
        throw exception;
#pragma warning disable CS0162 // makes this an iterator
        yield break;
#pragma warning restore CS0162
    }
}
