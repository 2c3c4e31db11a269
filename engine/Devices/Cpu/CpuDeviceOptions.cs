namespace Crescent.Engine.Devices.Cpu;

/// <summary>How a <see cref="CpuDevice"/> uses its processor and memory.</summary>
public sealed record CpuDeviceOptions
{
    /// <summary>Default of <see cref="MaxStepTokens"/>.</summary>
    public const int DefaultMaxStepTokens = 512;

    /// <summary>Default of <see cref="MaxLogitRows"/>.</summary>
    public const int DefaultMaxLogitRows = 64;

    /// <summary>Most that <see cref="MaxLogitRows"/> takes.</summary>
    public const int MostLogitRows = 8192;

    /// <summary>Name of the device within its silo.</summary>
    public string Name { get; init; } = "cpu";

    /// <summary>Compute threads, the engine's own among them; 0 for one a core. Range 0 to 1024.</summary>
    public int Threads { get; init; }

    /// <summary>Instructions to use; asking for vectors that the processor lacks is an error.</summary>
    public InstructionSet InstructionSet { get; init; }

    /// <summary>What activations are rounded to for products with quantised weights: it decides the answers, the instruction set does not.</summary>
    public ActivationPrecision Activations { get; init; }

    /// <summary>
    /// States of sequences to hold, for models whose layers keep one; 0 for 128, but no more than an eighth of the memory available. Range 0 to 65536.
    /// </summary>
    public int StateSlots { get; init; }

    /// <summary>
    /// KV blocks of all layers to hold; 0 for 64 sequences of min(context, 2048) positions, but no more than a quarter of the memory available. Where layers form
    /// groups, the memory of so many holds that many blocks for each group, and any group takes them: more positions where some groups need only a window.
    /// </summary>
    public int KvBlocks { get; init; }

    /// <summary>How keys and values are kept.</summary>
    public KvType KvType { get; init; }

    /// <summary>Most tokens in a step: 1 to 8192. Working memory grows with it.</summary>
    public int MaxStepTokens { get; init; } = DefaultMaxStepTokens;

    /// <summary>Most rows of logits in a step: 1 to <see cref="MostLogitRows"/>.</summary>
    public int MaxLogitRows { get; init; } = DefaultMaxLogitRows;

    /// <summary>Positions a sequence may have; 0 for as many as the model was trained for.</summary>
    public int MaxContext { get; init; }

    /// <summary>Throws <see cref="ArgumentOutOfRangeException"/> naming the first setting that is out of its range.</summary>
    internal void Validate()
    {
        Check(nameof(Threads), Threads, 0, 1024);
        Check(nameof(KvBlocks), KvBlocks, 0, int.MaxValue);
        Check(nameof(StateSlots), StateSlots, 0, 65536);
        Check(nameof(MaxStepTokens), MaxStepTokens, 1, 8192);
        Check(nameof(MaxLogitRows), MaxLogitRows, 1, MostLogitRows);
        Check(nameof(MaxContext), MaxContext, 0, int.MaxValue);
    }

    private static void Check(string name, int value, int least, int most)
    {
        if (value < least || value > most)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} of a CPU device is {least} to {most}.");
        }
    }
}
