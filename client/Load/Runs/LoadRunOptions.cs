using Crescent.Client.Load.Measures;
using Crescent.Client.Load.Plans;
using Crescent.Client.Load.Prompts;
using Crescent.Client.Load.Wire;

namespace Crescent.Client.Load.Runs;

/// <summary>What a run does.</summary>
internal sealed record LoadRunOptions
{
    /// <summary>Calls in flight at the most, where no other bound is set.</summary>
    public const int DefaultMostInFlight = 8192;

    /// <summary>The server over HTTP; null where <see cref="Cluster"/> is asked.</summary>
    public Target? Target { get; init; }

    /// <summary>The factory over Orleans; null where <see cref="Target"/> is asked.</summary>
    public ClusterTarget? Cluster { get; init; }

    /// <summary>The body of calls.</summary>
    public required RequestForm Form { get; init; }

    /// <summary>The words of prompts.</summary>
    public required PromptWriter Writer { get; init; }

    /// <summary>What is asked.</summary>
    public required IScriptSource Scripts { get; init; }

    /// <summary>Scripts at a time, each followed by the next: a closed loop. 0 for an open one, in which scripts say when they start.</summary>
    public int Concurrency { get; init; }

    /// <summary>Places of the closed loop open one after the other over this time, s.</summary>
    public double RampSeconds { get; init; }

    /// <summary>Scripts begun at the most.</summary>
    public long MostScripts { get; init; } = long.MaxValue;

    /// <summary>No script begins after this, s.</summary>
    public double MostSeconds { get; init; } = double.PositiveInfinity;

    /// <summary>Calls that were to start before this are not measured, s.</summary>
    public double WarmUpSeconds { get; init; }

    /// <summary>The first so many calls are not measured.</summary>
    public long WarmUpCalls { get; init; }

    /// <summary>Calls in flight at the most; beyond it they wait, which the clock from the intended start counts.</summary>
    public int MostInFlight { get; init; } = DefaultMostInFlight;

    /// <summary>Longest wait for a connection, for the head of an answer and for each next piece of it, s.</summary>
    public double TimeoutSeconds { get; init; } = 60;

    /// <summary>What is in flight when no script begins any more has this long to end, s.</summary>
    public double GraceSeconds { get; init; } = 60;

    /// <summary>A call that is refused until a time that the server names is asked again then, as long as that makes no more than this in all, s; 0 for a failure at once.</summary>
    public double MostWaitSeconds { get; init; }

    /// <summary>What a good call keeps; null for no SLO.</summary>
    public Slo? Slo { get; init; }

    /// <summary>Answers whose text is kept, to count its tokens afterwards.</summary>
    public int KeptTexts { get; init; }

    /// <summary>Calls that are read slowly. They are not measured: they are there for what they do to others.</summary>
    public SlowReaders Slow { get; init; } = SlowReaders.None;

    /// <summary>Of what is drawn here.</summary>
    public long Seed { get; init; }

    /// <summary>Told each call that ended, the warm-up's too, by many threads; null for nobody.</summary>
    public Action<CallRecord, bool>? Ended { get; init; }
}
