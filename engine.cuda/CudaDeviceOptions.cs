using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Model.Architectures;

namespace Crescent.Engine.Cuda;

/// <summary>How a <see cref="CudaDevice"/> uses its GPU.</summary>
public sealed record CudaDeviceOptions
{
    /// <summary>Environment variable: see <see cref="Graphs"/>.</summary>
    public const string GraphsVariable = "CRESCENT_CUDA_GRAPHS";

    /// <summary>Environment variable: see <see cref="Blas"/>.</summary>
    public const string BlasVariable = "CRESCENT_CUDA_BLAS";

    /// <summary>GPUs of a device, at most.</summary>
    public const int MostGpus = 8;

    /// <summary>Environment variable: see <see cref="PeerAccess"/>.</summary>
    public const string PeersVariable = "CRESCENT_CUDA_PEERS";

    /// <summary>Default of <see cref="MaxStepTokens"/>.</summary>
    public const int DefaultMaxStepTokens = 2048;

    /// <summary>Most that <see cref="MaxStepTokens"/> takes.</summary>
    public const int MostStepTokens = 8192;

    /// <summary>Default of <see cref="MaxLogitRows"/>.</summary>
    public const int DefaultMaxLogitRows = 64;

    /// <summary>Most that <see cref="MaxLogitRows"/> takes.</summary>
    public const int MostLogitRows = 4096;

    /// <summary>Default of <see cref="MemoryShare"/>.</summary>
    public const double DefaultMemoryShare = 0.9;

    /// <summary>Name of the device within its silo, such as <c>cuda:0</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Number of the GPU, from 0; of the first where there are several.</summary>
    public int Gpu
    {
        get => Gpus[0];
        init => Gpus = [value];
    }

    /// <summary>Numbers of all GPUs, which share the model out: 1 to <see cref="MostGpus"/>, each once. The first gives the results.</summary>
    public IReadOnlyList<int> Gpus { get; init; } = [0];

    /// <summary>A smaller model of the same vocabulary, or the model's own head, for <see cref="CudaDevice.Draft"/>; null for none.</summary>
    public DecoderGraph? Draft { get; init; }

    /// <summary>KV blocks of 16 positions of all layers to hold; 0 for as many as fit in <see cref="MemoryShare"/> of what weights and work space leave.</summary>
    public int KvBlocks { get; init; }

    /// <summary>States of sequences to hold, for models whose layers keep one; 0 for 128, but no more than an eighth of <see cref="MemoryShare"/> of what weights leave, and two at least. Range 0 to 65536.</summary>
    public int StateSlots { get; init; }

    /// <summary>Share of the memory that is free then which KV blocks may take: above 0, up to 1.</summary>
    public double MemoryShare { get; init; } = DefaultMemoryShare;

    /// <summary>Most tokens in a step: 1 to <see cref="MostStepTokens"/>. Work space grows with it.</summary>
    public int MaxStepTokens { get; init; } = DefaultMaxStepTokens;

    /// <summary>Most rows of logits in a step: 1 to <see cref="MostLogitRows"/>.</summary>
    public int MaxLogitRows { get; init; } = DefaultMaxLogitRows;

    /// <summary>Positions a sequence may have; 0 for as many as the model was trained for.</summary>
    public int MaxContext { get; init; }

    /// <summary>Whether every step copies its logits to the host, so that <c>StepResult.Logits</c> has them; drawing tokens does not need it.</summary>
    public bool HostLogits { get; init; }

    /// <summary>Whether decode steps are launched as graphs; by default unless the environment variable <see cref="GraphsVariable"/> is 0.</summary>
    public bool Graphs { get; init; } = Environment.GetEnvironmentVariable(GraphsVariable) != "0";

    /// <summary>Whether cuBLAS, where it is there, multiplies the rows of long prompts; by default unless the environment variable <see cref="BlasVariable"/> is 0.</summary>
    public bool Blas { get; init; } = Environment.GetEnvironmentVariable(BlasVariable) != "0";

    /// <summary>Whether several GPUs of a device read each other's memory where the driver lets them; by default unless the environment variable <see cref="PeersVariable"/> is 0.</summary>
    public bool PeerAccess { get; init; } = Environment.GetEnvironmentVariable(PeersVariable) != "0";

    /// <summary>Whether matrices are filled with random numbers and not read from the file: for measurements of a model's shape, with a file that is but a header.</summary>
    public bool RandomWeights { get; init; }

    /// <summary>How long the GPUs may take to finish a step, or copies; those that have not are lost. Above 0.</summary>
    public TimeSpan StepLimit { get; init; } = GpuContext.DefaultLimit;

    /// <summary>Folder where compiled kernels are kept; null for <c>crescent/kernels</c> in the user's cache.</summary>
    public string? KernelCache { get; init; }

    /// <summary>Told while weights are brought up: bytes of the file so far, and of all.</summary>
    public Action<long, long>? Progress { get; init; }

    /// <summary>Throws <see cref="ArgumentOutOfRangeException"/> naming the first setting that is out of its range.</summary>
    internal void Validate()
    {
        Check($"The number of {nameof(Gpus)}", Gpus.Count, 1, MostGpus);
        foreach (var gpu in Gpus)
        {
            Check(nameof(Gpu), gpu, 0, 1023);
        }

        if (Gpus.Distinct().Count() < Gpus.Count)
        {
            throw new ArgumentOutOfRangeException(nameof(Gpus), string.Join(", ", Gpus), "A GPU is in a CUDA device once.");
        }

        Check(nameof(KvBlocks), KvBlocks, 0, int.MaxValue / 16);
        Check(nameof(StateSlots), StateSlots, 0, 65536);
        Check(nameof(MaxStepTokens), MaxStepTokens, 1, MostStepTokens);
        Check(nameof(MaxLogitRows), MaxLogitRows, 1, MostLogitRows);
        Check(nameof(MaxContext), MaxContext, 0, int.MaxValue);
        if (StepLimit <= TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(nameof(StepLimit), StepLimit, $"{nameof(StepLimit)} of a CUDA device is above 0.");
        }

        if (MemoryShare is not (> 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(MemoryShare), MemoryShare, $"{nameof(MemoryShare)} of a CUDA device is above 0 and up to 1.");
        }
    }

    private static void Check(string name, int value, int least, int most)
    {
        if (value < least || value > most)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} of a CUDA device is {least} to {most}.");
        }
    }
}
