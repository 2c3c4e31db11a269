using System.Runtime.CompilerServices;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Contracts.Chat;
using Crescent.Grains.Gpu;
using Crescent.Grains.Placement;
using Crescent.Grains.Sessions;
using Crescent.Grains.Telemetry;
using Crescent.Grains.Tokens;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Crescent.Grains.Serving;

/// <inheritdoc cref="IGenerationService"/>
/// <remarks>
/// A stream survives its device: the front end holds every token it has put out, so when the device, its silo or the link to it is
/// lost, prompt and tokens go to another device with what is left of the budget, and the reader sees one unbroken stream.
/// </remarks>
internal sealed class GenerationService(
    TokenRouter router,
    StreamStarter starter,
    PlacementLedger ledger,
    SessionDesk sessions,
    EnergyAccounts accounts,
    DeviceRegistry devices,
    BatchGate gate,
    IOptions<GenerationOptions> options,
    TimeProvider time,
    FactoryMetrics metrics,
    ILogger<GenerationService> logger) : IGenerationService
{
    public int MaxPositions => ledger.MaxPositions;

    public async IAsyncEnumerable<GenerationChunk> Generate(
        InferenceRequest call, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Validate(call);
        var stream = router.Open(call.MaxTokens);
        var ended = false;
        try
        {
            await gate.Wait(call, cancellationToken);
            await starter.Start(stream, call, TimeSpan.FromSeconds(options.Value.PlacementSeconds), cancellationToken);
            while (!ended)
            {
                await stream.Wait(cancellationToken);
                var read = stream.Read();
                ended = read.End is not null;
                if (read.End is { } end)
                {
                    if (end.Reason is FinishReason.Stop or FinishReason.Length)
                    {
                        ledger.Ended(call.Tenant, call.MaxTokens, stream.Count);
                        sessions.Ended(call, stream);
                    }

                    var cut = end.Reason == FinishReason.Deadline ? Late(call, stream) : null;
                    yield return new GenerationChunk(
                        read.Tokens, read.Text, Reason(call, stream, end), Charge(call, Usage(call, stream)), read.Logprobs, cut, end.Embedding);
                }
                else if (read.Tokens.Length > 0 || read.Text.Length > 0)
                {
                    yield return new GenerationChunk(read.Tokens, read.Text, null, null, read.Logprobs);
                }

                if (read.Lost is not null)
                {
                    ended = !await Resume(stream, call, read.Lost, read.Moved, cancellationToken);
                    if (ended)
                    {
                        yield return new GenerationChunk([], "", "length", Charge(call, Usage(call, stream)));
                    }
                }
            }
        }
        finally
        {
            router.Close(stream, ended ? null : () => Charge(call, Usage(call, stream)));
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
        FinishReason.Deadline when stream.Count == 0 => throw new DeadlineExceededException(Late(call, stream)),
        _ => "length",
    };

    // The engine only knows the time that was left when it got the call, and the tokens of its own attempt.
    private static string Late(InferenceRequest call, TokenStream stream) => stream.Count == 0
        ? $"The deadline of {call.Deadline?.TotalSeconds:0.###} s passed before there was an answer."
        : $"The deadline of {call.Deadline?.TotalSeconds:0.###} s passed after {stream.Count} output tokens.";

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
    /// <returns>False when only the end was lost: the stream has all its tokens.</returns>
    private async Task<bool> Resume(TokenStream stream, InferenceRequest call, string reason, bool moved, CancellationToken cancellationToken)
    {
        var (attempt, device) = (stream.Ticket.Attempt, stream.Device ?? "?");
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
                throw new GenerationFailedException($"{call.RequestId} lost its device {stream.Losses} times, the last time because: {reason}");
            }
        }

        if (stream.Count >= call.MaxTokens && !call.WantsEmbedding)
        {
            return false;
        }

        var since = time.GetTimestamp();
        await starter.Start(stream, call, TimeSpan.FromSeconds(options.Value.ResumeSeconds), cancellationToken);
        if (moved)
        {
            metrics.StreamMoved();
        }
        else
        {
            metrics.StreamResumed(time.GetElapsedTime(since));
        }

        return true;
    }

    private ChatUsage Charge(InferenceRequest call, ChatUsage usage)
    {
        accounts.Charge(call.Tenant, call.Task, usage);
        return usage;
    }

    private static ChatUsage Usage(InferenceRequest call, TokenStream stream)
    {
        var total = stream.Usage;
        return new ChatUsage
        {
            PromptTokens = call.Prompt.Length,
            CompletionTokens = stream.Count,
            QueueSeconds = total.Queue.TotalSeconds,
            PrefillSeconds = total.Prefill.TotalSeconds,
            DecodeSeconds = total.Decode.TotalSeconds,
            Joules = total.Joules,
            EstimatedJoules = total.EstimatedJoules,
            EnergySource = string.Join(",", total.Sources),
            Simulated = total.Simulated,
            Attempts = total.Attempts,
            CachedTokens = Math.Min(call.Prompt.Length, total.CachedTokens ?? 0),
            Device = stream.Device ?? "",
        };
    }
}
