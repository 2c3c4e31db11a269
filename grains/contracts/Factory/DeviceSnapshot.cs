using System.Text.Json.Serialization;

namespace Crescent.Grains.Contracts.Factory;

/// <summary>One device as the factory sees it.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.DeviceSnapshot")]
public record DeviceSnapshot
{
    /// <summary>Name of the silo that owns it.</summary>
    [Id(0)] public string Silo { get; init; } = "";

    /// <summary>Name within the silo, such as <c>cpu</c>.</summary>
    [Id(1)] public required string Device { get; init; }

    /// <summary>For a human: processor and instruction set.</summary>
    [Id(2)] public string Description { get; init; } = "";

    /// <summary>What it rounds activations to, such as <c>int8</c>; empty when simulated.</summary>
    [Id(61)] public string Activations { get; init; } = "";

    /// <summary>True when its numbers are modelled.</summary>
    [Id(3)] public bool Simulated { get; init; }

    /// <summary>Name of the model it serves.</summary>
    [Id(4)] public string Model { get; init; } = "";

    /// <summary>Sequences that wait.</summary>
    [Id(5)] public int Waiting { get; init; }

    /// <summary>Sequences in the batch.</summary>
    [Id(6)] public int Running { get; init; }

    /// <summary>KV blocks to be had.</summary>
    [Id(7)] public int FreeBlocks { get; init; }

    /// <summary>KV blocks in all.</summary>
    [Id(8)] public int TotalBlocks { get; init; }

    /// <summary>Smoothed duration of a step, in seconds.</summary>
    [Id(9)] public double StepSeconds { get; init; }

    /// <summary>Smoothed output tokens a second.</summary>
    [Id(10)] public double TokensPerSecond { get; init; }

    /// <summary>Power now, in watts.</summary>
    [Id(11)] public double Watts { get; init; }

    /// <summary>Where the watts come from: <c>model</c>, <c>rapl</c>, <c>nvml</c>.</summary>
    [Id(12)] public string WattsSource { get; init; } = "model";

    /// <summary>Power cap in force, in watts.</summary>
    [Id(13)] public double CapWatts { get; init; }

    /// <summary>Energy since start, in joules.</summary>
    [Id(14)] public double Joules { get; init; }

    /// <summary>Tokens generated since start.</summary>
    [Id(15)] public long OutputTokens { get; init; }

    /// <summary>True when it takes no new work.</summary>
    [Id(16)] public bool Draining { get; init; }

    /// <summary>True when an operator has taken it out of service.</summary>
    [Id(60)] public bool OutOfService { get; init; }

    /// <summary>Steps that failed since the last one that finished.</summary>
    [Id(62)] public int FailedSteps { get; init; }

    /// <summary>For how long there has been work and no step has finished, s; 0 where there is none to do.</summary>
    [Id(63)] public double StalledSeconds { get; init; }

    /// <summary>What the newest failed step said; null when none has failed since start.</summary>
    [Id(64)] public string? LastError { get; init; }

    /// <summary>Requests that an exception of their own ended, since start.</summary>
    [Id(65)] public long RequestFaults { get; init; }

    /// <summary>Where it is in its life: <c>serving</c>, <c>quarantined</c>, <c>opening</c> or <c>closed</c>.</summary>
    [Id(66)] public string Stage { get; init; } = "serving";

    /// <summary>Why it is quarantined; null when it is not.</summary>
    [Id(67)] public string? Fault { get; init; }

    /// <summary>Until a quarantined device is tried again, s; 0 for others.</summary>
    [Id(68)] public double RetrySeconds { get; init; }

    /// <summary>The model that it is to serve instead of <see cref="Model"/>, once what it has is gone; null where there is none.</summary>
    [Id(69)] public string? Loading { get; init; }

    /// <summary>Why the model that it was last to load could not be loaded; null where it could.</summary>
    [Id(70)] public string? LoadFault { get; init; }

    /// <summary>Reservations that this view holds on it: calls placed and not yet ended.</summary>
    [Id(17)] public int Reserved { get; init; }

    /// <summary>Counts the states a silo sent; a lower one is older.</summary>
    [Id(18)] public long Sequence { get; init; }

    /// <summary>Age of the state when the snapshot was taken, in seconds.</summary>
    [Id(19)] public double AgeSeconds { get; init; }

    /// <summary>Age of <see cref="Watts"/> when the snapshot was taken, in seconds.</summary>
    [Id(50)] public double WattsAgeSeconds { get; init; }

    /// <summary>Of <see cref="Joules"/> what was used while no step ran: nobody is charged for it.</summary>
    [Id(51)] public double IdleJoules { get; init; }

    /// <summary>Whether nothing can run on it now.</summary>
    [JsonIgnore]
    public bool IsClosed => Stage != "serving";

    /// <summary>Whether it is quarantined.</summary>
    [JsonIgnore]
    public bool IsQuarantined => Stage == "quarantined";

    /// <summary>The same without what a silo's own report of the device adds.</summary>
    public DeviceSnapshot Plain() => new(this);
}
