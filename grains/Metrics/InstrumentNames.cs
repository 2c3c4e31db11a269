namespace Crescent.Grains.Metrics;

/// <summary>Names of all instruments of the actors.</summary>
public static class InstrumentNames
{
    /// <summary>The meter.</summary>
    public const string Meter = "Crescent.Grains";

    /// <summary>Placement decisions, by <c>policy</c> and <c>outcome</c> (placed, refused).</summary>
    public const string PlacementDecisions = "crescent.placement.decisions";

    /// <summary>Time a placement decision takes, in microseconds.</summary>
    public const string PlacementDuration = "crescent.placement.duration";

    /// <summary>Reservations held.</summary>
    public const string Reservations = "crescent.placement.reservations";

    /// <summary>Reservations whose stream was gone without releasing them.</summary>
    public const string ReservationsExpired = "crescent.placement.reservations.expired";

    /// <summary>Streams open at this front end.</summary>
    public const string StreamsOpen = "crescent.streams.open";

    /// <summary>Attempts that were lost and repeated on another device.</summary>
    public const string StreamsResumed = "crescent.streams.resumed";

    /// <summary>Streams that left a device that was drained, or that they waited at, for another; they do not count as resumed.</summary>
    public const string StreamsMoved = "crescent.streams.moved";

    /// <summary>Time from the loss of an attempt to the acceptance of the next, in seconds.</summary>
    public const string StreamGap = "crescent.streams.gap";

    /// <summary>Turns of background loops that failed, by <c>loop</c>; the loops go on.</summary>
    public const string LoopFailures = "crescent.loops.failures";

    /// <summary>Frames that front ends have acknowledged.</summary>
    public const string FramesSent = "crescent.frames.sent";

    /// <summary>Bytes of records in them.</summary>
    public const string FrameBytes = "crescent.frames.bytes";

    /// <summary>Tokens that reached their stream.</summary>
    public const string TokensReceived = "crescent.frames.tokens";

    /// <summary>Tickets that came in frames and had no stream.</summary>
    public const string TicketsUnwanted = "crescent.frames.unwanted";

    /// <summary>Devices whose cached blocks are not surely known: events are missing, or none have come for too long.</summary>
    public const string KvIndexStale = "crescent.kv_index.stale";

    /// <summary>Different cached blocks known, of all devices.</summary>
    public const string KvIndexBlocks = "crescent.kv_index.blocks";

    /// <summary>Cache events applied.</summary>
    public const string KvIndexEvents = "crescent.kv_index.events";

    /// <summary>Times cache events were missing.</summary>
    public const string KvIndexGaps = "crescent.kv_index.gaps";

    /// <summary>Dumps of a device's cache applied.</summary>
    public const string KvIndexRepairs = "crescent.kv_index.repairs";

    /// <summary>Agent tasks that ended here, by <c>strategy</c> and <c>end</c> (done, budget, deadline, cancelled, failed).</summary>
    public const string AgentTasks = "crescent.agents.tasks";

    /// <summary>Agent tasks that this silo plays, by <c>state</c> (running, waiting_for_approval).</summary>
    public const string AgentTasksLive = "crescent.agents.tasks.live";

    /// <summary>Steps of agent tasks that have ended, by <c>strategy</c> and <c>outcome</c> (done, failed, cut, denied).</summary>
    public const string AgentSteps = "crescent.agents.steps";

    /// <summary>Steps of agent tasks under way.</summary>
    public const string AgentStepsLive = "crescent.agents.steps.live";

    /// <summary>Attempts at steps that came to nothing.</summary>
    public const string AgentAttemptsLost = "crescent.agents.attempts.lost";

    /// <summary>Samples that votes which were sure did not draw, by <c>strategy</c>.</summary>
    public const string AgentSamplesSaved = "crescent.agents.samples.saved";

    /// <summary>Calls of tools, by <c>tool</c> and <c>result</c> (done, failed, cut).</summary>
    public const string AgentToolCalls = "crescent.agents.tool_calls";

    /// <summary>Calls of tools that wait for a person.</summary>
    public const string AgentApprovals = "crescent.agents.approvals";

    /// <summary>From submission to the first step, in seconds.</summary>
    public const string RequestQueue = "crescent.request.queue";

    /// <summary>From the first step to the first token, in seconds.</summary>
    public const string RequestPrefill = "crescent.request.prefill";

    /// <summary>From the first token to the last, in seconds.</summary>
    public const string RequestDecode = "crescent.request.decode";

    /// <summary>Energy attributed to a request, in joules.</summary>
    public const string RequestEnergy = "crescent.request.energy";

    /// <summary>Links given up.</summary>
    public const string LinksBroken = "crescent.links.broken";
}
