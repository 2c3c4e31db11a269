using Crescent.Engine.Scheduling;
using Crescent.Grains.Contracts.Chat;
using Crescent.Grains.Requests;
using Crescent.Grains.Streams;

namespace Crescent.Grains.Kept;

/// <summary>
/// Makes an answer: runs its calls side by side and keeps what comes. Of one whose first keeper is gone each choice goes on behind the tokens that there are,
/// as a stream does whose device is gone.
/// </summary>
/// <param name="generations">Runs calls.</param>
/// <param name="start">What is to be made.</param>
/// <param name="append">Keeps a chunk, or refuses it.</param>
/// <param name="bill">Told what calls have taken.</param>
/// <param name="time">The clock.</param>
internal sealed class KeptRun(
    IGenerationService generations, KeptStart start, Action<int, GenerationChunk> append, Action<InferenceRequest, ChatUsage> bill, TimeProvider time)
{
    private readonly long _began = time.GetTimestamp();
    private readonly List<int>[] _emitted = [.. start.Calls.Select(static _ => new List<int>())];
    private readonly bool[] _whole = new bool[start.Calls.Length];

    /// <summary>Runs to the end of all choices, or to the first failure.</summary>
    public async Task Run(CancellationToken left)
    {
        ReadRecords();
        var calls = Siblings(start.Calls);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(left);
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Math.Min(RequestDesk.MaxAtOnce, calls.Length)).Select(async _ =>
        {
            try
            {
                for (int choice; (choice = Interlocked.Increment(ref next)) < calls.Length;)
                {
                    if (!_whole[choice])
                    {
                        await Run(calls[choice], choice, stop.Token);
                    }
                }
            }
            catch
            {
                await stop.CancelAsync();
                throw;
            }
        }));
    }

    /// <summary>Calls with one prompt share it on their device. They cross Orleans each for itself; here they find each other again.</summary>
    private static InferenceRequest[] Siblings(InferenceRequest[] calls)
    {
        var made = (InferenceRequest[])calls.Clone();
        for (var i = 1; i < made.Length; i++)
        {
            if (made[i].Siblings is not null && made[i].Siblings == made[i - 1].Siblings && made[i].Prompt.AsSpan().SequenceEqual(made[i - 1].Prompt))
            {
                made[i] = made[i] with { Siblings = made[i - 1].Siblings, Prompt = made[i - 1].Prompt };
            }
        }

        return made;
    }

    private void ReadRecords()
    {
        ReadOnlySpan<byte> records = start.Records;
        while (KeptRecords.TryRead(ref records, out var choice, out var chunk))
        {
            _emitted[choice].AddRange(chunk.Tokens);
            _whole[choice] |= chunk.FinishReason is not null;
        }
    }

    private async Task Run(InferenceRequest call, int choice, CancellationToken stop)
    {
        var emitted = _emitted[choice];
        var left = call.MaxTokens - emitted.Count;
        if (left <= 0)
        {
            // Only its end was lost; or nothing is to be generated, and the prompt was read.
            append(choice, new GenerationChunk([], "", "length", new ChatUsage { PromptTokens = call.Prompt.Length, CompletionTokens = emitted.Count }));
            return;
        }

        call = call with { Deadline = Left() };
        if (emitted.Count > 0)
        {
            call = call with { Prompt = [.. call.Prompt, .. emitted], ResumedTokens = emitted.Count, MaxTokens = left, Siblings = null };
        }

        var ended = false;
        await foreach (var chunk in generations.Generate(call, usage => bill(call, usage), stop))
        {
            append(choice, chunk);
            ended |= chunk.FinishReason is not null;
        }

        if (!ended)
        {
            throw new InvalidOperationException($"The stream of {call.RequestId} broke off without a finish reason.");
        }
    }

    private TimeSpan? Left() => start.Deadline is not { } deadline ? null
        : deadline - time.GetElapsedTime(_began) is var left && left > TimeSpan.Zero ? left
        : throw new DeadlineExceededException(deadline, "before it was the turn of all that was asked for");
}
