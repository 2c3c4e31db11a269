namespace Crescent.Grains.Contracts.Planning;

/// <summary>How many device replicas there are, how many there should be, and why.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.PlannerSnapshot")]
public sealed record PlannerSnapshot
{
    /// <summary><c>off</c>, <c>dry-run</c> (it only tells) or <c>apply</c>.</summary>
    [Id(0)] public string Mode { get; init; } = "";

    /// <summary>The silo that it is in; empty before it has looked.</summary>
    [Id(1)] public string Planner { get; init; } = "";

    /// <summary>What has the replicas, such as <c>statefulset/crescent-device</c>; <c>silos</c> where nothing sets their number.</summary>
    [Id(2)] public string Of { get; init; } = "";

    /// <summary>When it last looked.</summary>
    [Id(3)] public DateTimeOffset At { get; init; }

    /// <summary>Replicas that are asked for.</summary>
    [Id(4)] public int Replicas { get; init; }

    /// <summary>Of those, replicas that serve.</summary>
    [Id(5)] public int Ready { get; init; }

    /// <summary>Replicas that the load needs now.</summary>
    [Id(6)] public int Needed { get; init; }

    /// <summary>Replicas that it will need when one that is asked for now serves.</summary>
    [Id(7)] public int Expected { get; init; }

    /// <summary>Replicas that it would ask for now.</summary>
    [Id(8)] public int Planned { get; init; }

    /// <summary>How busy those that there are would be with the load that is expected: 1 where the promise is just kept.</summary>
    [Id(9)] public double Utilisation { get; init; }

    /// <summary>What <see cref="Planned"/> would draw with it, devices alone, by their profiles, W.</summary>
    [Id(10)] public double Watts { get; init; }

    /// <summary>Most that the devices of all replicas may draw, W; null for no bound.</summary>
    [Id(11)] public double? BudgetWatts { get; init; }

    /// <summary>Calls that run or wait, as expected.</summary>
    [Id(12)] public double Sequences { get; init; }

    /// <summary>Positions of their contexts.</summary>
    [Id(13)] public double ContextTokens { get; init; }

    /// <summary>Prompts that come a second, in seconds that one device takes for them.</summary>
    [Id(14)] public double PromptSeconds { get; init; }

    /// <summary>Why, in a sentence.</summary>
    [Id(15)] public string Why { get; init; } = "";

    /// <summary>The replica that is being emptied before it goes; empty where none is.</summary>
    [Id(16)] public string Leaving { get; init; } = "";

    /// <summary>What kept it from reading or changing the replicas at its last look; empty where nothing did.</summary>
    [Id(17)] public string Fault { get; init; } = "";

    /// <summary>Times it has changed their number since it began in this silo.</summary>
    [Id(18)] public long Changes { get; init; }

    /// <summary>True when watts and times are modelled.</summary>
    [Id(19)] public bool Simulated { get; init; }

    /// <summary>What it did or would have done of late, newest last.</summary>
    [Id(20)] public IReadOnlyList<PlannerEventSnapshot> Events { get; init; } = [];
}
