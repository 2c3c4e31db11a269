namespace Crescent.Grains.Tracing;

/// <summary>Names of spans, events and attributes that are Crescent's own.</summary>
public static class SpanNames
{
    /// <summary>What <see cref="SemanticNames.ProviderName"/> is here.</summary>
    public const string Provider = "crescent";

    /// <summary>One attempt at a call: from its placement until its device has ended it, or it was given up.</summary>
    public const string Attempt = "attempt";

    /// <summary>The decision where an attempt goes.</summary>
    public const string Place = "place";

    /// <summary>A device that such a decision was between: an event of it.</summary>
    public const string Candidate = "candidate";

    /// <summary>From the loss of an attempt until another device has taken the next.</summary>
    public const string Resume = "resume";

    /// <summary>The same of an attempt that was given up on purpose: its device is drained, silent, or dearer than another.</summary>
    public const string Move = "move";

    /// <summary>What a device did for an attempt, as its silo saw it.</summary>
    public const string Execute = "execute";

    /// <summary>Until the first step that it took part in.</summary>
    public const string Queue = "queue";

    /// <summary>Until its first token.</summary>
    public const string Prefill = "prefill";

    /// <summary>Until its last.</summary>
    public const string Decode = "decode";

    /// <summary>A step of an agent task that calls the model.</summary>
    public const string Step = "step";

    public const string RequestId = "crescent.request.id";
    public const string Device = "crescent.device";
    public const string Simulated = "crescent.simulated";
    public const string AttemptNumber = "crescent.attempt";
    public const string Attempts = "crescent.attempts";
    public const string Cause = "crescent.cause";
    public const string FromDevice = "crescent.from_device";
    public const string TokensBefore = "crescent.tokens_before";
    public const string EnergySource = "crescent.energy_source";
    public const string QueueSeconds = "crescent.queue_seconds";
    public const string PrefillSeconds = "crescent.prefill_seconds";
    public const string DecodeSeconds = "crescent.decode_seconds";
    public const string Policy = "crescent.placement.policy";
    public const string Gate = "crescent.placement.gate";
    public const string Score = "crescent.placement.score";

    /// <summary>Followed by a term's name.</summary>
    public const string Term = "crescent.placement.term.";

    public const string PrefixTokens = "crescent.placement.cached_tokens";
    public const string ForeseenTtft = "crescent.placement.ttft_seconds";
    public const string ForeseenItl = "crescent.placement.itl_seconds";
    public const string Candidates = "crescent.placement.devices";
    public const string StepId = "crescent.step.id";
    public const string StepLabel = "crescent.step.label";
    public const string Outcome = "crescent.outcome";
    public const string Again = "crescent.agent.again";
}
