using System.Runtime.CompilerServices;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Frames;
using Crescent.Grains.Gpu;
using Crescent.Grains.Inference;
using Crescent.Grains.Kv;
using Crescent.Grains.Placement;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Crescent.Grains.Streams;

/// <summary>Finds a device for a stream's next attempt, and tells a device that nobody wants an attempt any more.</summary>
internal sealed class StreamStarter(
    IGrainFactory grains,
    ILocalSiloDetails silo,
    PlacementLedger ledger,
    TokenRouter router,
    IClusterMembershipService membership,
    KvIndexFeed caches,
    DeviceSilence silence,
    IOptions<GenerationOptions> options,
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
    /// one waits for a device until the deadline, since a device may come back. A device that has refused, failed or lost the stream is not tried
    /// again before all others have been.
    /// </summary>
    /// <exception cref="RequestRefusedException">No device takes it.</exception>
    /// <exception cref="TimeoutException">No device has answered in time.</exception>
    /// <exception cref="DeadlineExceededException">The call's own deadline has passed.</exception>
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

    /// <summary>
    /// Stops the attempt in force on its device, if one has it and lives. Does not wait. One that is silent hears of it when it wakes and sends what nobody
    /// wants any more.
    /// </summary>
    public void Cancel(TokenStream stream)
    {
        if (stream is { Device: { } device, Owner: { } owner } && membership.CurrentSnapshot.GetSiloStatus(owner) == SiloStatus.Active && !IsSilent(device))
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
        if (resumed && stream.Device is { } lost)
        {
            stream.Fail(lost);
        }

        PromptPrefix? prefix = null;
        Refusal? full = null;
        for (var tries = 1; ; tries++)
        {
            var (ticket, emitted) = stream.BeginAttempt();
            stream.Trace?.Attempt(ticket.Attempt, stream.Cause);
            var left = call.MaxTokens - emitted.Length;
            var needs = new PlacementNeeds
            {
                Stream = stream.Id,
                PromptTokens = call.Prompt.Length + emitted.Length,
                MaxTokens = left,
                MayShed = emitted.Length + call.ResumedTokens == 0 && stream.Moves == 0,
                HasBegun = emitted.Length + call.ResumedTokens > 0 || stream.Moves > 0,
                Cause = stream.Cause,
                ExpectedTokens = Math.Min(left, ledger.ExpectedTokens(call.Tenant, call.MaxTokens)),
                Priority = call.Priority,
                Avoid = stream.Failed,
                Prefer = leader?.Device,
                RequestId = call.RequestId,
                Attempt = ticket.Attempt,
                Prefix = prefix,
                Model = call.Model,
            };

            // Embeddings do not use caches, a sibling goes where its leader is, and where there is one device only that device looks for what it has.
            if (prefix is null && !call.WantsEmbedding && leader is null && ledger.HasChoice(needs))
            {
                prefix = PromptPrefix.Of(caches.RootsOf(call.Model), call.Prompt, call.CacheSalt);
                needs = needs with { Prefix = prefix };
            }

            var rest = deadline - time.GetElapsedTime(began);
            var patience = call.Deadline is { } wanted ? Min(rest, Left(wanted, time.GetElapsedTime(stream.OpenedAt))) : rest;
            var answer = await Try(stream, call, ticket, emitted, needs, leader, patience, cancellationToken);
            TracePlacement(stream, ticket);
            if (answer.Reply is { Refusal: null } reply)
            {
                ledger.Accepted(stream.Id, reply);
                stream.Assign(ticket, reply.Device, reply.Owner);
                stream.Trace?.Taken(reply.Device);
                return;
            }

            ledger.Release(stream.Id);
            var refusal = answer.Reply?.Refusal;
            stream.Trace?.Refused(answer.Device, refusal?.Message ?? answer.Failure?.Message);
            if (answer.Device is { } device)
            {
                stream.Fail(device);
                full = refusal?.Reason == RefusalReason.Overloaded ? refusal : full;
            }
            else if (full is not null && refusal?.Reason is RefusalReason.Unavailable or RefusalReason.Stopping)
            {
                // All that is left are devices that have no room for it: that passes, and is the reason to tell.
                refusal = full;
            }

            // The factory as a whole refuses: for want of devices that have not failed the call yet, or for good.
            var forgiven = answer.Device is null && (resumed || full is null) && needs.Avoid.Length > 0 && ledger.Refuse(needs with { Avoid = [] }) is null;
            if (forgiven)
            {
                stream.Forgive();
            }

            ThrowIfLate(stream, call);
            var final = refusal?.Reason is RefusalReason.TooLong or RefusalReason.Invalid;
            var tired = !resumed && refusal is not null && !forgiven && (tries >= MaxTries || answer.Device is null);
            if (final || tired || time.GetElapsedTime(began) + pause > deadline || stream.Ticket.Attempt == StreamTicket.MaxAttempts)
            {
                throw refusal?.ToException() ?? answer.Failure!;
            }

            if (!resumed && refusal is not null && answer.Device is not null)
            {
                // The others may have room, and the caller is to know soon when they have not.
                continue;
            }

            await Task.Delay(pause, time, cancellationToken);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private void TracePlacement(TokenStream stream, StreamTicket ticket)
    {
        if (stream.Trace is { } trace && ledger.Decision(stream.Id, ticket.Attempt, CallTrace.MaxCandidates) is var (decision, took))
        {
            trace.Placed(decision, took);
        }
    }

    private void ThrowIfLate(TokenStream stream, InferenceRequest call)
    {
        if (call.Deadline is { } deadline && time.GetElapsedTime(stream.OpenedAt) >= deadline)
        {
            throw new DeadlineExceededException(deadline, "before a device had taken the call");
        }
    }

    /// <summary>One try.</summary>
    private async Task<TryAnswer> Try(
        TokenStream stream,
        InferenceRequest call,
        StreamTicket ticket,
        int[] emitted,
        PlacementNeeds needs,
        (string Device, long Ticket)? leader,
        TimeSpan patience,
        CancellationToken cancellationToken)
    {
        if (ledger.Refuse(needs) is { } refusal)
        {
            return new TryAnswer(new SubmissionReply { Device = "", Owner = silo.SiloAddress, Refusal = refusal }, null, null);
        }

        var start = Submit(stream, call, ticket, emitted, needs, leader);
        try
        {
            if (await Answers(start, stream, patience, cancellationToken))
            {
                var reply = await start;
                return new TryAnswer(reply, null, reply.Device.Length > 0 ? reply.Device : ledger.DeviceOf(stream.Id));
            }

            _ = CancelOnceStarted(start, ticket);
            var device = ledger.DeviceOf(stream.Id);
            var failure = new TimeoutException($"{device ?? "The device"} has not answered whether it takes the call.");
            ServingLog.TryFailed(logger, call.RequestId, ticket.Attempt, failure.Message);
            return new TryAnswer(null, failure, device);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            _ = CancelOnceStarted(start, ticket);
            throw;
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            ServingLog.TryFailed(logger, call.RequestId, ticket.Attempt, e.Message);
            return new TryAnswer(null, e, ledger.DeviceOf(stream.Id));
        }
    }

    /// <summary>
    /// Waits for a device's answer, as long as a hop may take and the device has not fallen silent meanwhile.
    /// </summary>
    /// <returns>False when it is not to be waited for any longer.</returns>
    private async Task<bool> Answers(Task<SubmissionReply> start, TokenStream stream, TimeSpan patience, CancellationToken cancellationToken)
    {
        var asked = time.GetTimestamp();
        var hop = TimeSpan.FromSeconds(options.Value.HopSeconds);
        var most = Min(patience, hop);
        while (!start.IsCompleted)
        {
            var rest = most - time.GetElapsedTime(asked);
            if (rest <= TimeSpan.Zero || (ledger.DeviceOf(stream.Id) is { } device && IsSilent(device)))
            {
                return false;
            }

            using var look = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(start, Task.Delay(Min(rest, DeviceSilence.Interval), time, look.Token));
            await look.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
        }

        return true;
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
                ResumedTokens = call.ResumedTokens + emitted.Length,
                MaxTokens = needs.MaxTokens,
                Deadline = call.Deadline is { } deadline ? Left(deadline, time.GetElapsedTime(stream.OpenedAt)) : null,
                KvSource = KvSource.OfFork(leader?.Ticket),
                TraceParent = stream.Trace?.Parent ?? call.TraceParent,
            },
            Prefix = needs.Prefix,
            Prefer = leader?.Device,
            HasBegun = needs.HasBegun,
            Front = silo.SiloAddress,
            Observer = observer,
        });
    }

    private bool IsSilent(string device) => silence.Of(device) > options.Value.SilenceSeconds;

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

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

    /// <summary>What came of a try.</summary>
    /// <param name="Reply">Null where none came.</param>
    /// <param name="Failure">Why none came.</param>
    /// <param name="Device">Who refused or failed it; null when no device was asked, or none is known.</param>
    private readonly record struct TryAnswer(SubmissionReply? Reply, Exception? Failure, string? Device);
}
