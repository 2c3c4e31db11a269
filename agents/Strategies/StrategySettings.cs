namespace Crescent.Agents.Strategies;

/// <summary>What can be set of strategies; each heeds those that it has a use for. Stored with tasks: a new one needs a default that means what its absence meant.</summary>
public sealed record StrategySettings
{
    /// <summary>Samples at the most, 1 to 128.</summary>
    public int Samples { get; init; } = 8;

    /// <summary>Samples before the first look at the vote, 1 to 128.</summary>
    public int Window { get; init; } = 4;

    /// <summary>Samples drawn at a time after that, 1 to 128.</summary>
    public int WindowStep { get; init; } = 2;

    /// <summary>Posterior probability at which a vote ends early, .5 to 1; 1 draws all samples.</summary>
    public double Confidence { get; init; } = 0.95;

    /// <summary>Most tokens of a step's answer, 1 to 1,048,576.</summary>
    public int MaxTokens { get; init; } = 512;

    /// <summary>Temperature of steps that are sampled several times, 0 to 2; what is asked once is greedy.</summary>
    public double Temperature { get; init; } = 0.8;

    /// <summary>Whether <c>best-of-n</c> asks the model to verify each sample instead of taking the likeliest.</summary>
    public bool Verify { get; init; }

    /// <summary>Lines of thought that <c>tree-of-thoughts</c> goes on with, 1 to 16.</summary>
    public int Beam { get; init; } = 2;

    /// <summary>Next steps that it tries for each, 1 to 16.</summary>
    public int Branches { get; init; } = 3;

    /// <summary>Steps of a line of thought, and rounds of tools, at the most, 1 to 64.</summary>
    public int Depth { get; init; } = 10;

    /// <summary>Lines of the input in a part of <c>map-reduce</c>, 1 to 10,000.</summary>
    public int PartLines { get; init; } = 8;

    /// <summary>Results that <c>map-reduce</c> puts together in one call, 2 to 256.</summary>
    public int ReduceWidth { get; init; } = 8;

    /// <summary>What <c>map-reduce</c> asks to put results together: <c>{{ results }}</c> and <c>{{ task }}</c> stand for them. Null for its own words.</summary>
    public string? ReducePrompt { get; init; }

    /// <summary>The first setting out of its range, and the range; null when all are well.</summary>
    public (string Name, string Range)? Fault()
    {
        ReadOnlySpan<(string Name, double Value, double Least, double Most)> ranges =
        [
            ("samples", Samples, 1, 128),
            ("window", Window, 1, 128),
            ("window_step", WindowStep, 1, 128),
            ("confidence", Confidence, 0.5, 1),
            ("max_tokens", MaxTokens, 1, 1 << 20),
            ("temperature", Temperature, 0, 2),
            ("beam", Beam, 1, 16),
            ("branches", Branches, 1, 16),
            ("depth", Depth, 1, 64),
            ("part_lines", PartLines, 1, 10_000),
            ("reduce_width", ReduceWidth, 2, 256),
        ];
        foreach (var (name, value, least, most) in ranges)
        {
            if (!(value >= least && value <= most))
            {
                return (name, FormattableString.Invariant($"{least} to {most}"));
            }
        }

        return null;
    }
}
