using Crescent.Control.Kv;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Placement;
using Crescent.Grains.Telemetry.Kv;
using Crescent.Grains.Telemetry;
using Crescent.Grains.Tokens;
using Microsoft.Extensions.Logging;

namespace Crescent.Grains.Sessions;

/// <summary>
/// A front end's way to sessions. A turn asks once where the last one was, and tells where it is itself without waiting; a session that
/// cannot be reached costs a cache hit and nothing else.
/// </summary>
internal sealed class SessionDesk(IGrainFactory grains, KvIndexFeed caches, FactoryMetrics metrics, TimeProvider time, ILogger<SessionDesk> logger)
{
    /// <summary>A placement waits no longer for a session's answer.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);

    /// <summary>What the session's last turn has left of <paramref name="prefix"/>, or null when that is nothing or not known.</summary>
    /// <exception cref="OperationCanceledException">The call was given up.</exception>
    public async ValueTask<SessionHint?> Find(InferenceRequest call, PromptPrefix prefix, CancellationToken cancellationToken)
    {
        if (call.Program is not { } session)
        {
            return null;
        }

        var key = new SessionKey(call.Tenant, session).ToString();
        try
        {
            var find = grains.GetGrain<ISessionGrain>(key).Find();
            find.Ignore();

            var last = await find.WaitAsync(Patience, time, cancellationToken);
            return last is not null && caches.RootOf(last.Turn.Device) is { } root ? Hint(last, prefix, root) : null;
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            metrics.SessionUnreachable();
            SessionLog.FindFailed(logger, key, e.Message);
            return null;
        }
    }

    /// <summary>A device has taken a turn; it will hold the blocks of its prompt.</summary>
    public void Placed(InferenceRequest call, PromptPrefix prefix, string device, SiloAddress owner)
    {
        if (call.Program is { } session)
        {
            _ = Tell(new SessionKey(call.Tenant, session).ToString(), new SessionTurn { Device = device, Silo = owner, Marks = prefix.Marks() });
        }
    }

    /// <summary>
    /// A turn has come to its end: its device holds the blocks of its output too. Of several answers to one prompt nobody knows yet which is gone on with; their
    /// prompt is known.
    /// </summary>
    public void Ended(InferenceRequest call, TokenStream stream)
    {
        if (call is { Program: { } session, WantsEmbedding: false, Siblings: null } && stream is { Device: { } device, Owner: { } owner, Count: > 0 })
        {
            // The last token was drawn, but never computed.
            var history = PromptPrefix.Of(caches.Roots, [.. call.Prompt, .. stream.Tokens.AsSpan()[..^1]], call.CacheSalt);

            // A template may write an answer in other tokens than those that the model chose; then the next prompt still begins with this one.
            _ = Tell(new SessionKey(call.Tenant, session).ToString(), new SessionTurn { Device = device, Silo = owner, Marks = history.Marks(call.Prompt.Length) });
        }
    }

    /// <summary>What a turn leaves is predicted for as long as a prompt that was just placed: by then the device's events must have come, and the index knows better.</summary>
    /// <param name="last">The session's last turn.</param>
    /// <param name="prefix">The prompt of the next.</param>
    /// <param name="root">Of the device that ran the last: in its blocks the hint is told.</param>
    internal static SessionHint? Hint(SessionSighting last, PromptPrefix prefix, KvRoot root) =>
        last.Age < KvIndex.DefaultPrediction && prefix.Matching(last.Turn.Marks, root) is > 0 and var blocks
            ? new SessionHint(last.Turn.Device, blocks)
            : null;

    private async Task Tell(string key, SessionTurn turn)
    {
        try
        {
            await grains.GetGrain<ISessionGrain>(key).Remember(turn);
        }
        catch (Exception e)
        {
            metrics.SessionUnreachable();
            SessionLog.RememberFailed(logger, key, turn.Device, e.Message);
        }
    }
}
