using System.Runtime.CompilerServices;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Contracts.Chat;
using Crescent.Grains.Frames;
using Crescent.Grains.Gpu;
using Crescent.Grains.Metrics;
using Crescent.Grains.Placement;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Crescent.Grains.Streams;

/// <inheritdoc cref="IGenerationService"/>
/// <remarks>
/// A stream survives its device: the front end holds every token it has put out, so when the device, its silo or the link to it is
/// lost, prompt and tokens go to another device with what is left of the budget, and the reader sees one unbroken stream.
/// </remarks>
internal sealed class GenerationService(
    TokenRouter router,
    StreamStarter starter,
    PlacementLedger ledger,
    EnergyAccounts accounts,
    DeviceRegistry devices,
    BatchGate gate,
    IOptions<GenerationOptions> options,
    TimeProvider time,
    FactoryMetrics metrics,
    ILogger<GenerationService> logger) : IGenerationService
{
    /// <summary>Time after a call's deadline in which its device can say so itself, with what the call took.</summary>
    private static readonly TimeSpan LastWord = TimeSpan.FromSeconds(1);

    /// <summary>How an attempt that was given up goes on.</summary>
    private enum Resumption
    {
        /// <summary>On another device.</summary>
        GoesOn,

        /// <summary>Only the end was lost: the stream has all its tokens.</summary>
        Complete,

        /// <summary>The call's deadline has passed.</summary>
        Late,
    }

    public int MaxPositions(string? model) => ledger.MaxPositions(model);

    public IAsyncEnumerable<GenerationChunk> Generate(InferenceRequest call, CancellationToken cancellationToken = default) => Generate(call, null, cancellationToken);

    public IAsyncEnumerable<GenerationChunk> Generate(InferenceRequest call, Action<ChatUsage>? charge, CancellationToken cancellationToken = default) =>
        CallTrace.Begin(call) is { } trace ? new TracedChunks(trace, Generate(call, charge, trace, cancellationToken)) : Generate(call, charge, null, cancellationToken);

    private async IAsyncEnumerable<GenerationChunk> Generate(
        InferenceRequest call, Action<ChatUsage>? charge, CallTrace? trace, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Validate(call);
        var stream = router.Open(call.MaxTokens, call.ResumedTokens, trace);
        var ended = false;
        try
        {
            await gate.Wait(call, cancellationToken);
            await starter.Start(stream, call, TimeSpan.FromSeconds(options.Value.PlacementSeconds), cancellationToken);
            using var end = new ReaderEnd(stream, call.Deadline is { } deadline ? deadline + LastWord - time.GetElapsedTime(stream.OpenedAt) : null, time, cancellationToken);
            while (!ended)
            {
                await stream.Wait();
                cancellationToken.ThrowIfCancellationRequested();
                var read = stream.Read();
                ended = read.End is not null;
                if (read.End is { } last)
                {
                    var usage = Charge(call, Usage(call, stream), charge);
                    if (last.Reason is FinishReason.Stop or FinishReason.Length)
                    {
                        var count = Count(call, stream);
                        var given = Math.Min(count, call.Sampling.Given.Count);
                        ledger.Ended(call.Tenant, call.MaxTokens + call.ResumedTokens - given, count - given);
                    }

                    var cut = last.Reason == FinishReason.Deadline ? Late(call, stream) : null;
                    yield return new GenerationChunk(
                        read.Tokens, read.Utf8, Reason(call, stream, last), usage, read.Logprobs, cut, last.Embedding);
                }
                else if (read.Tokens.Count > 0 || read.Utf8.Length > 0)
                {
                    yield return new GenerationChunk(read.Tokens, read.Utf8, null, null, read.Logprobs);
                }

                if (read.Lost is not null)
                {
                    switch (await Resume(stream, call, read.Lost, read.Moved, cancellationToken))
                    {
                        case Resumption.Complete:
                            ended = true;
                            yield return new GenerationChunk([], "", "length", Charge(call, Usage(call, stream), charge));
                            break;
                        case Resumption.Late:
                            ended = true;
                            yield return Cut(call, stream) with { Usage = Charge(call, Usage(call, stream), charge) };
                            break;
                    }
                }
                else if (!ended && end.IsLate)
                {
                    // Its device should have said so itself. Whenever it tells what it took, that is charged.
                    yield return Cut(call, stream);
                    break;
                }
            }
        }
        finally
        {
            router.Close(stream, ended ? null : () => Charge(call, Usage(call, stream), charge));
            ledger.Release(stream.Id);
            if (!ended)
            {
                starter.Cancel(stream);
            }
        }
    }

    /// <summary>OpenAI's word for the end; an answer cut at its deadline is one cut by length, unless nothing of it is there.</summary>
    private static string Reason(InferenceRequest call, TokenStream stream, StreamEnd end) => end.Reason switch
    {
        FinishReason.Stop => "stop",
        FinishReason.Refused => throw new RequestRefusedException(RefusalReason.Invalid, end.Error ?? "The device refused the request."),
        FinishReason.Deadline when Count(call, stream) == 0 => throw Exceeded(call),
        _ => "length",
    };

    // The engine only knows the time that was left when it got the call, and the tokens of its own attempt.
    private static string Late(InferenceRequest call, TokenStream stream) => $"after {Count(call, stream)} output tokens";

    // A call may come with what was emitted of it before.
    private static int Count(InferenceRequest call, TokenStream stream) => call.ResumedTokens + stream.Count;

    private static DeadlineExceededException Exceeded(InferenceRequest call) => new(call.Deadline ?? TimeSpan.Zero, "before there was an answer");

    private void Validate(InferenceRequest call)
    {
        if (call.Prompt.Length == 0 || (call.MaxTokens < 1 && !call.WantsEmbedding))
        {
            throw new RequestRefusedException(
                RefusalReason.Invalid, $"A generation needs a prompt and a token to generate; this one has {call.Prompt.Length} and {call.MaxTokens}.");
        }

        if (devices.IsDraining)
        {
            throw new RequestRefusedException(RefusalReason.Stopping, "This front end is stopping.", TimeSpan.FromSeconds(1));
        }
    }

    /// <summary>Repeats an attempt that was lost, or moved, from where it stopped.</summary>
    private async Task<Resumption> Resume(TokenStream stream, InferenceRequest call, string reason, bool moved, CancellationToken cancellationToken)
    {
        var (attempt, device) = (stream.Ticket.Attempt, stream.Device ?? "?");
        stream.Trace?.Left(reason, moved, device, stream.Count);
        starter.Cancel(stream);
        if (moved)
        {
            TokenLog.AttemptMoved(logger, call.RequestId, attempt, device, stream.Count, reason);
        }
        else
        {
            TokenLog.AttemptLost(logger, call.RequestId, attempt, device, stream.Count, reason);
            if (stream.Losses >= options.Value.MaxAttempts)
            {
                throw new GenerationFailedException($"{call.RequestId} lost its device {stream.Losses} times, the last time because: {reason}") { Usage = Usage(call, stream) };
            }
        }

        if (stream.Count >= call.MaxTokens && !call.WantsEmbedding)
        {
            return Resumption.Complete;
        }

        var since = time.GetTimestamp();
        try
        {
            await starter.Start(stream, call, TimeSpan.FromSeconds(ResumeSeconds(call, stream)), cancellationToken);
        }
        catch (DeadlineExceededException) when (Count(call, stream) > 0)
        {
            return Resumption.Late;
        }

        stream.Trace?.GoesOn(stream.Device);
        if (moved)
        {
            metrics.StreamMoved();
        }
        else
        {
            metrics.StreamResumed(time.GetElapsedTime(since));
        }

        return Resumption.GoesOn;
    }

    // Who has read nothing yet is told soon that there is no device, as one whose call no device has taken; who has read a part may well wait for the rest.
    private double ResumeSeconds(InferenceRequest call, TokenStream stream) => Count(call, stream) > 0
        ? options.Value.ResumeSeconds
        : Math.Min(options.Value.ResumeSeconds, options.Value.PlacementSeconds);

    /// <summary>The end of an answer whose deadline has passed.</summary>
    /// <exception cref="DeadlineExceededException">There is nothing of it.</exception>
    private static GenerationChunk Cut(InferenceRequest call, TokenStream stream) => Count(call, stream) > 0
        ? new GenerationChunk([], "", "length", Usage(call, stream)) with { Cut = Late(call, stream) }
        : throw Exceeded(call);

    private ChatUsage Charge(InferenceRequest call, ChatUsage usage, Action<ChatUsage>? charge)
    {
        // Output that the request has given was its prompt.
        var taken = usage with { CompletionTokens = usage.CompletionTokens - Math.Min(usage.CompletionTokens, call.Sampling.Given.Count) };
        if (charge is null)
        {
            accounts.Charge(call.Tenant, call.Task, taken);
        }
        else
        {
            charge(taken);
        }

        return usage;
    }

    private static ChatUsage Usage(InferenceRequest call, TokenStream stream)
    {
        var total = stream.Usage;
        return new ChatUsage
        {
            PromptTokens = call.Prompt.Length - call.ResumedTokens,
            CompletionTokens = Count(call, stream),
            QueueSeconds = total.Queue.TotalSeconds,
            PrefillSeconds = total.Prefill.TotalSeconds,
            DecodeSeconds = total.Decode.TotalSeconds,
            Joules = total.Joules,
            EstimatedJoules = total.EstimatedJoules,
            EnergySource = string.Join(",", total.Sources),
            Simulated = total.Simulated,
            Attempts = total.Attempts,
            CachedTokens = Math.Min(call.Prompt.Length - call.ResumedTokens, total.CachedTokens ?? 0),
            Device = stream.Device ?? "",
        };
    }
}
