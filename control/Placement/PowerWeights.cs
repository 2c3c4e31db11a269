namespace Crescent.Control.Placement;

/// <summary>The weights of <see cref="PowerAwarePolicy"/>; each is 0 or more, and 0 leaves its term out.</summary>
public sealed record PowerWeights
{
    public const double DefaultEnergy = 3;
    public const double DefaultKv = 1;
    public const double DefaultMargin = 0.6;
    public const double DefaultStall = 2;
    public const double DefaultRecompute = 3;

    /// <summary>Points for the energy that the call would take alone on an idle device.</summary>
    public double Energy { get; init; } = DefaultEnergy;

    /// <summary>Points for the price of watts; the price itself comes from the governor.</summary>
    public double Power { get; init; } = 1;

    /// <summary>Points for a KV memory that is full.</summary>
    public double Kv { get; init; } = DefaultKv;

    /// <summary>Points for a time to first token, and for a time between tokens, at their limit.</summary>
    public double Latency { get; init; } = 1;

    /// <summary>Points for each output that prompts are expected to stall until its mean time between tokens is above what was promised.</summary>
    public double Stall { get; init; } = DefaultStall;

    /// <summary>Points for each that calls behind it lose when a prompt is computed again which another device holds.</summary>
    public double Recompute { get; init; } = DefaultRecompute;

    /// <summary>Share of the promised times that is planned with; the rest is for what comes after the decision. Above 0, at most 1.</summary>
    public double Margin { get; init; } = DefaultMargin;

    /// <summary>
    /// A call is refused when it would take this many times the promised time on the best device, unless it would on an idle one too: what cannot be good
    /// any more does not delay what can. 0 for never.
    /// </summary>
    public double ShedAbove { get; init; }

    /// <summary>Whether what caches hold counts.</summary>
    public bool Overlap { get; init; } = true;
}
