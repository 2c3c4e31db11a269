using Crescent.Engine.Cuda.Compilation;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Cuda.Weights;
using Crescent.Engine.Model.Architectures;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>What all that is queued for a step has in common.</summary>
/// <param name="config">Shape.</param>
/// <param name="kernels">Of the GPU.</param>
/// <param name="memory">Of the GPU.</param>
/// <param name="products">Of the GPU.</param>
/// <param name="layout">Of the step.</param>
/// <param name="maxTokens">Tokens of a step.</param>
/// <param name="maxLogitRows">Rows of logits of a step.</param>
/// <param name="maxHiddenStates">Hidden states that a step gives.</param>
internal sealed class StepTools(ModelConfig config, KernelLibrary kernels, DeviceMemory memory, MatrixProducts products, StepLayout layout, int maxTokens, int maxLogitRows, int maxHiddenStates)
{
    /// <summary>What work space is accounted as.</summary>
    public const string Purpose = "work space";

    /// <summary>Keeps what goes into the last product of a part within a half's range; undone behind the matrix.</summary>
    public const float HiddenFactor = 1f / 64;

    public ModelConfig Config => config;

    public KernelLibrary Kernels => kernels;

    public MatrixProducts Products => products;

    public StepLayout Layout => layout;

    /// <summary>Tokens of a step at most.</summary>
    public int MaxTokens => maxTokens;

    /// <summary>Rows that buffers have: <see cref="MaxTokens"/> rounded up to what products read.</summary>
    public int Rows { get; } = Rounded(maxTokens, MatrixProducts.RowGroup);

    /// <summary>Rows of logits at most.</summary>
    public int MaxLogitRows => maxLogitRows;

    /// <summary>Hidden states that a step gives, at most.</summary>
    public int MaxHiddenStates => maxHiddenStates;

    /// <summary>Threads of a block that has a row of the residual stream.</summary>
    public int NormThreads { get; } = Math.Clamp(Rounded(config.Width / 8, 32), 256, 1024);

    /// <summary>What of a step is queued: all, but for measurements of what each part takes.</summary>
    public StepParts Parts { get; set; } = StepParts.All;

    /// <summary>Whether a part of a step is queued.</summary>
    public bool Has(StepParts part) => (Parts & part) != 0;

    /// <summary>Work space of so many bytes for each row.</summary>
    public DeviceBuffer Allocate(long bytesOfRow) => memory.Allocate(checked(bytesOfRow * Rows), Purpose);

    /// <summary>Work space.</summary>
    public DeviceBuffer AllocateBytes(long bytes, string purpose = Purpose) => memory.Allocate(bytes, purpose);

    /// <summary>Columns rounded up to those of whole tiles.</summary>
    public static int Padded(int columns) => Rounded(columns, PackedFormats.TileColumns);

    /// <summary>A value rounded up to a multiple.</summary>
    public static int Rounded(int value, int multiple) => (value + multiple - 1) / multiple * multiple;
}
