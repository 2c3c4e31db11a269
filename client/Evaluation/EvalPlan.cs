using System.Text.Json.Nodes;

namespace Crescent.Client.Evaluation;

/// <summary>What an evaluation runs.</summary>
internal sealed record EvalPlan
{
    /// <summary>The problems.</summary>
    public required IReadOnlyList<EvalProblem> Problems { get; init; }

    /// <summary>How each is solved, one after the other.</summary>
    public required IReadOnlyList<EvalSetting> Ways { get; init; }

    /// <summary>Settings of the strategies besides samples and confidence.</summary>
    public JsonObject Settings { get; init; } = [];

    /// <summary>A model of the factory; null for its first.</summary>
    public string? Model { get; init; }

    /// <summary>Class of the calls.</summary>
    public string Priority { get; init; } = "standard";

    /// <summary>Problems at a time, 1 to 256.</summary>
    public int Parallel { get; init; } = 8;

    /// <summary>Seed of the first problem; each next has the next number, the same with every setting.</summary>
    public long Seed { get; init; }

    /// <summary>The command line, for whoever wants the same again; without a key.</summary>
    public required string Command { get; init; }
}
