using Crescent.Control.Placement;
using Crescent.Engine.Devices;
using Crescent.Grains.Contracts.Factory;

namespace Crescent.Grains.Telemetry;

/// <summary>
/// What a device is and how busy it is, as its silo tells the others: what clients see of it, and what only placement and power need. What a view adds, such
/// as <see cref="DeviceSnapshot.AgeSeconds"/>, is empty here.
/// </summary>
[GenerateSerializer, Immutable, Alias("Crescent.DeviceReport")]
public sealed record DeviceReport : DeviceSnapshot
{
    // Taken by fields that have become those of the snapshot: 0, 1, 2, 3, 5, 8, 9, 11, 13, 14, 15, 16, 17, 18, 19, 50, 51, 61, 77, 90.

    /// <summary>Positions in a KV block; 16 from a silo that does not tell it.</summary>
    [Id(4)] public int BlockSize { get; init; } = 16;

    /// <summary>Positions a sequence may have.</summary>
    [Id(6)] public int MaxContext { get; init; }

    /// <summary>Most tokens in a step.</summary>
    [Id(7)] public int MaxStepTokens { get; init; }

    /// <summary>Prompt tokens of sequences without a first token, less what caches are taken to hold of them.</summary>
    [Id(10)] public int QueuedPromptTokens { get; init; }

    /// <summary>KV blocks that the device's sequences take at their longest.</summary>
    [Id(12)] public int CommittedBlocks { get; init; }

    /// <summary>Prompt tokens of started sequences since start.</summary>
    [Id(30)] public long PromptTokens { get; init; }

    /// <summary>Tokens looked up in the prefix cache since start.</summary>
    [Id(31)] public long PrefixQueryTokens { get; init; }

    /// <summary>Of those, tokens found on the device.</summary>
    [Id(32)] public long PrefixHitTokens { get; init; }

    /// <summary>Of those, tokens copied from the host tier.</summary>
    [Id(33)] public long HostHitTokens { get; init; }

    /// <summary>Tokens that forks took over since start.</summary>
    [Id(34)] public long ForkedTokens { get; init; }

    /// <summary>Times a sequence lost its blocks since start.</summary>
    [Id(35)] public long Preemptions { get; init; }

    /// <summary>Tokens guessed ahead since start.</summary>
    [Id(36)] public long GuessedTokens { get; init; }

    /// <summary>Of those, tokens that came true.</summary>
    [Id(37)] public long AcceptedTokens { get; init; }

    /// <summary>Its node.</summary>
    [Id(70)] public string Node { get; init; } = "";

    /// <summary>Its rack; empty where racks are not told.</summary>
    [Id(71)] public string Rack { get; init; } = "";

    /// <summary>Lowest cap that it takes, W; 0 where it has none to set.</summary>
    [Id(72)] public double MinCapWatts { get; init; }

    /// <summary>Highest cap that it takes, W; 0 where it has none to set.</summary>
    [Id(73)] public double MaxCapWatts { get; init; }

    /// <summary>Which start of the device's cap it is; 0 where it has none to set.</summary>
    [Id(74)] public long CapIncarnation { get; init; }

    /// <summary>Term of the last order for its cap.</summary>
    [Id(75)] public long CapTerm { get; init; }

    /// <summary>Number of that order in the term.</summary>
    [Id(76)] public long CapNumber { get; init; }

    /// <summary>What <see cref="QueuedPromptTokens"/> take at full clock, by <see cref="Profile"/>, s.</summary>
    [Id(91)] public double QueuedPromptSeconds { get; init; }

    /// <summary>The same of all prompts that were computed since start, s.</summary>
    [Id(92)] public double ComputedPromptSeconds { get; init; }

    /// <summary>How evenly the tenants that waited were served over the last half minute, by their weights: Jain's index.</summary>
    [Id(93)] public double Fairness { get; init; } = 1;

    /// <summary>The same of programs.</summary>
    [Id(94)] public double ProgramFairness { get; init; } = 1;

    /// <summary>Of <see cref="DeviceSnapshot.Waiting"/> those that are held because memory or watts are short.</summary>
    [Id(95)] public int HeldCalls { get; init; }

    /// <summary>Calls that were held until now, each once.</summary>
    [Id(96)] public long Holds { get; init; }

    /// <summary>Of those, calls that were held for want of watts alone.</summary>
    [Id(97)] public long HoldsForWatts { get; init; }

    /// <summary>Why it is drained, where it is.</summary>
    internal string DrainedBy => OutOfService ? "by an operator" : Loading is { } model ? $"to load {model}" : IsQuarantined ? $"as sick: {Fault}" : Stage != "serving" ? $"while it is {Stage}" : "for want of power";

    /// <summary>Groups of layers that see all positions, beside the first; see <see cref="KvDemand"/>.</summary>
    [Id(98)] public int FurtherGroups { get; init; }

    /// <summary>Groups of layers that see a window or chunks.</summary>
    [Id(99)] public int WindowGroups { get; init; }

    /// <summary>Most KV blocks that these hold for a sequence, together.</summary>
    [Id(100)] public int WindowBlocks { get; init; }

    /// <summary>Bytes of a KV block: of 16 positions, say, in the layers of one group.</summary>
    [Id(101)] public long BlockBytes { get; init; }

    /// <summary>Bytes of the state that layers keep of a sequence beside or instead of keys and values; 0 for none.</summary>
    [Id(102)] public long StateBytes { get; init; }

    /// <summary>States that the device holds.</summary>
    [Id(103)] public int StateSlots { get; init; }

    /// <summary>Of <see cref="GuessedTokens"/> those found in the sequences' own text.</summary>
    [Id(104)] public long NGramGuessedTokens { get; init; }

    /// <summary>Of those, tokens that came true.</summary>
    [Id(105)] public long NGramAcceptedTokens { get; init; }

    /// <summary>Of <see cref="GuessedTokens"/> those of its draft model.</summary>
    [Id(106)] public long DraftGuessedTokens { get; init; }

    /// <summary>Of those, tokens that came true.</summary>
    [Id(107)] public long DraftAcceptedTokens { get; init; }

    /// <summary>Its draft model's name; empty where it has none.</summary>
    [Id(108)] public string DraftModel { get; init; } = "";

    /// <summary>KV blocks of the draft model.</summary>
    [Id(109)] public int DraftBlocks { get; init; }

    /// <summary>Of those, blocks to be had.</summary>
    [Id(110)] public int DraftFreeBlocks { get; init; }

    /// <summary>Bytes of one of them.</summary>
    [Id(111)] public long DraftBlockBytes { get; init; }

    /// <summary>Time that the draft model has computed since start, s.</summary>
    [Id(112)] public double DraftSeconds { get; init; }

    /// <summary>What the device costs, as it says itself or as its steps have shown.</summary>
    [Id(60)] public required DeviceProfile Profile { get; init; }

    /// <summary>The same once the device is closed: it has no sequences and no cap to set, and draws what it draws at rest.</summary>
    internal DeviceReport AtRest() => this with
    {
        Waiting = 0,
        Running = 0,
        QueuedPromptTokens = 0,
        QueuedPromptSeconds = 0,
        CommittedBlocks = 0,
        FreeBlocks = TotalBlocks,
        TokensPerSecond = 0,
        StalledSeconds = 0,
        Watts = Profile.IdleWatts,
        MinCapWatts = 0,
        MaxCapWatts = 0,
    };

    /// <summary>How busy it is, as policies see it.</summary>
    internal DeviceLoad Load() => new()
    {
        Waiting = Waiting,
        Running = Running,
        QueuedPromptTokens = QueuedPromptTokens,
        QueuedPromptSeconds = QueuedPromptSeconds,
        ComputedPromptSeconds = ComputedPromptSeconds,
        FreeBlocks = FreeBlocks,
        TotalBlocks = TotalBlocks,
        CommittedBlocks = CommittedBlocks,
        BlockSize = BlockSize,
        Demand = new KvDemand(FurtherGroups, WindowGroups, WindowBlocks),
        MaxContext = MaxContext,
        MaxStepTokens = MaxStepTokens,
        StepSeconds = StepSeconds,
        ComputedPromptTokens = PromptTokens - PrefixHitTokens - HostHitTokens - ForkedTokens,
        Watts = Watts,
        CapWatts = CapWatts,
    };
}
