namespace Crescent.Lab.Fleet;

/// <summary>A request on its way through a fleet, and what its user sees of it.</summary>
internal sealed class FleetCall
{
    public required long Id { get; init; }

    public required double ArrivedAt { get; init; }

    public required int PromptTokens { get; init; }

    public required int OutputTokens { get; init; }

    /// <summary>As many as its caller allows: all that placement knows of it beforehand.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>Who waits for it; null for nobody.</summary>
    public IFleetCaller? Caller { get; init; }

    /// <summary>Where it is, or has ended; null where no device took it.</summary>
    public FleetAttempt? Attempt { get; set; }

    /// <summary>Prompt tokens that no cache was known to hold when it was placed last.</summary>
    public int Uncached => Attempt?.Uncached ?? 0;

    /// <summary>Devices that it has left before its first token.</summary>
    public int Moves { get; set; }

    public double FirstTokenAt { get; set; }

    public double EndedAt { get; set; }

    public int Tokens { get; set; }

    /// <summary>No device took it, or it was not served whole.</summary>
    public bool Failed { get; set; }

    /// <summary>Its caller has given it up.</summary>
    public bool IsCancelled { get; set; }

    public double Ttft => FirstTokenAt - ArrivedAt;

    /// <summary>Mean time between tokens; 0 for a single token.</summary>
    public double Itl => Tokens > 1 ? (EndedAt - FirstTokenAt) / (Tokens - 1) : 0;
}
