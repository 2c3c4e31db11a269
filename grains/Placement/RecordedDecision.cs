namespace Crescent.Grains.Placement;

/// <summary>A slot of the <see cref="DecisionRing"/>, used again and again.</summary>
internal sealed class RecordedDecision
{
    public PlacementNeeds? Needs { get; set; }

    public DateTimeOffset At { get; set; }

    /// <summary>How long it took, without what is looked up before it.</summary>
    public TimeSpan Took { get; set; }

    public string? Chosen { get; set; }

    public string? Taken { get; set; }

    /// <summary>Devices there were.</summary>
    public int Devices { get; set; }

    /// <summary>The devices that are kept; longer than needed.</summary>
    public RecordedCandidate[] Candidates { get; set; } = [];
}
