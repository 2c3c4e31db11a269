using System.Runtime.CompilerServices;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Gpu;
using Crescent.Grains.Inference;
using Crescent.Grains.Placement;
using Crescent.Grains.Sessions;
using Crescent.Grains.Telemetry.Kv;
using Crescent.Grains.Tokens;
using Microsoft.Extensions.Logging;

namespace Crescent.Grains.Serving;

/// <summary>Finds a device for a stream's next attempt, and tells a device that nobody wants an attempt any more.</summary>
internal sealed class StreamStarter(
    IGrainFactory grains,
    ILocalSiloDetails silo,
    PlacementLedger ledger,
    TokenRouter router,
    IClusterMembershipService membership,
    KvIndexFeed caches,
    SessionDesk sessions,
    TimeProvider time,
    ILogger<StreamStarter> logger)
{
    /// <summary>
    /// Tries of a call's first attempt when devices refuse it. One that meets a dead silo goes on until the deadline: the others take it as
    /// soon as that death is declared.
    /// </summary>
    private const int MaxTries = 4;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    // For as long as one of its calls holds the group.
    private readonly ConditionalWeakTable<SiblingGroup, SiblingLeader> _leaders = [];

    /// <summary>
    /// Places the stream's next attempt and hands it to the device. A first attempt that all devices refuse fails at once; a repeated
    /// one waits for a device until the deadline, since its reader has seen tokens already.
    /// </summary>
    /// <exception cref="RequestRefusedException">No device takes it.</exception>
    /// <exception cref="TimeoutException">A hop, or all of it, missed the deadline.</exception>
    public async Task Start(TokenStream stream, InferenceRequest call, TimeSpan deadline, CancellationToken cancellationToken)
    {
        var resumed = stream.Ticket.Attempt > 0;
        if (resumed || call.Siblings is not { } group)
        {
            await Start(stream, call, deadline, null, cancellationToken);
            return;
        }

        var siblings = _leaders.GetOrAdd(group, static _ => new SiblingLeader());
        if (!siblings.TryLead())
        {
            await Start(stream, call, deadline, await siblings.Leader(cancellationToken), cancellationToken);
        }
        else
        {
            try
            {
                await Start(stream, call, deadline, null, cancellationToken);
                siblings.Place(stream.Device!, stream.Ticket);
            }
            finally
            {
                siblings.GiveUp();
            }
        }
    }

    /// <summary>Stops the attempt in force on its device, if one has it and lives. Does not wait.</summary>
    public void Cancel(TokenStream stream)
    {
        if (stream is { Device: { } device, Owner: { } owner } && membership.CurrentSnapshot.GetSiloStatus(owner) == SiloStatus.Active)
        {
            _ = Cancel(device, stream.Ticket);
        }
    }

    private async Task Start(
        TokenStream stream, InferenceRequest call, TimeSpan deadline, (string Device, long Ticket)? leader, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var pause = FirstPause;
        var resumed = stream.Ticket.Attempt > 0;
        var avoid = resumed ? stream.Device : null;

        // Embeddings do not use caches, and a sibling goes where its leader is.
        var prefix = call.WantsEmbedding || leader is not null ? null : PromptPrefix.Of(caches.Roots, call.Prompt, call.CacheSalt);

        // A repeated attempt has lost the device that its session would name.
        var session = resumed || prefix is null ? null : await sessions.Find(call, prefix, cancellationToken);
        for (var tries = 1; ; tries++)
        {
            var (ticket, emitted) = stream.BeginAttempt();
            var left = call.MaxTokens - emitted.Length;
            var needs = new PlacementNeeds
            {
                Stream = stream.Id,
                PromptTokens = call.Prompt.Length + emitted.Length,
                MaxTokens = left,
                MayShed = emitted.Length == 0 && stream.Moves == 0,
                Cause = stream.Cause,
                ExpectedTokens = Math.Min(left, ledger.ExpectedTokens(call.Tenant, call.MaxTokens)),
                Priority = call.Priority,
                Avoid = avoid,
                Prefer = leader?.Device,
                RequestId = call.RequestId,
                Attempt = ticket.Attempt,
                Prefix = prefix,
                Session = session,
            };
            var (reply, failure) = await Try(stream, call, ticket, emitted, needs, leader, cancellationToken);
            if (reply is { Refusal: null })
            {
                ledger.Accepted(stream.Id, reply);
                stream.Assign(ticket, reply.Device, reply.Owner);
                if (prefix is not null)
                {
                    sessions.Placed(call, prefix, reply.Device, reply.Owner);
                }

                return;
            }

            ledger.Release(stream.Id);
            var refusal = reply?.Refusal;
            var final = refusal?.Reason is RefusalReason.TooLong or RefusalReason.Invalid;
            var tired = !resumed && refusal is not null && (tries >= MaxTries || reply is { Device: "" });
            if (final || tired || time.GetElapsedTime(began) + pause > deadline || stream.Ticket.Attempt == StreamTicket.MaxAttempts)
            {
                throw refusal?.ToException() ?? failure!;
            }

            avoid = string.IsNullOrEmpty(reply?.Device) ? null : reply.Device;
            await Task.Delay(pause, time, cancellationToken);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    /// <summary>One try: a reply with an empty device stands for a refusal by the whole factory.</summary>
    private async Task<(SubmissionReply? Reply, Exception? Failure)> Try(
        TokenStream stream,
        InferenceRequest call,
        StreamTicket ticket,
        int[] emitted,
        PlacementNeeds needs,
        (string Device, long Ticket)? leader,
        CancellationToken cancellationToken)
    {
        if (ledger.Refuse(needs) is { } refusal)
        {
            return (new SubmissionReply { Device = "", Owner = silo.SiloAddress, Refusal = refusal }, null);
        }

        var start = Submit(stream, call, ticket, emitted, needs, leader);
        try
        {
            return (await start.WaitAsync(cancellationToken), null);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            _ = CancelOnceStarted(start, ticket);
            throw;
        }
        catch (Exception e) when (e is SiloUnavailableException or OrleansMessageRejectionException)
        {
            ServingLog.TryFailed(logger, call.RequestId, ticket.Attempt, e.Message);
            return (null, e);
        }
    }

    private async Task<SubmissionReply> Submit(
        TokenStream stream, InferenceRequest call, StreamTicket ticket, int[] emitted, PlacementNeeds needs, (string Device, long Ticket)? leader)
    {
        var observer = await router.GetReference();

        // Set within this method, the context ends with it.
        RequestContext.Set(PlacementNeeds.Key, needs);
        return await grains.GetGrain<IInferenceGrain>(Guid.NewGuid()).Start(new Submission
        {
            Request = call with
            {
                Id = ticket.Value,
                Prompt = emitted.Length == 0 ? call.Prompt : [.. call.Prompt, .. emitted],
                ResumedTokens = emitted.Length,
                MaxTokens = needs.MaxTokens,
                Deadline = call.Deadline is { } deadline ? Left(deadline, time.GetElapsedTime(stream.OpenedAt)) : null,
                KvSource = KvSource.OfFork(leader?.Ticket),
            },
            Prefer = leader?.Device,
            Front = silo.SiloAddress,
            Observer = observer,
        });
    }

    private static TimeSpan Left(TimeSpan deadline, TimeSpan elapsed) => deadline > elapsed ? deadline - elapsed : TimeSpan.Zero;

    private async Task CancelOnceStarted(Task<SubmissionReply> start, StreamTicket ticket)
    {
        try
        {
            var reply = await start;
            if (reply.Refusal is null)
            {
                await Cancel(reply.Device, ticket);
            }
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            ServingLog.CancelFailed(logger, "?", e.Message);
        }
    }

    private async Task Cancel(string device, StreamTicket ticket)
    {
        try
        {
            await grains.GetGrain<IGpuGrain>(device).Cancel([ticket.Value]);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            // Its frames, if it still sends any, are answered as unwanted.
            ServingLog.CancelFailed(logger, device, e.Message);
        }
    }
}
