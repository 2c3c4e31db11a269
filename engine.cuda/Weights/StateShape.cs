using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Cuda.Weights;

/// <summary>How an operator that keeps a state is laid out: offsets are floats of a row of what its first projection gives, or of what its convolution gives.</summary>
internal sealed record StateShape
{
    /// <summary>Most columns of a head's matrix: those of a row lie in four lanes.</summary>
    public const int MostColumns = 256;

    /// <summary>Columns are whole times so many: what a lane reads at once.</summary>
    public const int ColumnUnit = 4;

    /// <summary>Channels of the convolution.</summary>
    public required int Channels { get; init; }

    /// <summary>Positions that the convolution meets.</summary>
    public required int Kernel { get; init; }

    /// <summary>Of the projection: the first channel.</summary>
    public int ChannelsAt { get; init; }

    /// <summary>Of the projection: gates of outputs.</summary>
    public int GateAt { get; init; }

    /// <summary>Of the projection: what betas, or steps, are made of.</summary>
    public int RatesAt { get; init; }

    /// <summary>Heads that keep a matrix each; 0 for none.</summary>
    public int Heads { get; init; }

    /// <summary>Whether matrices are moved so that they recall values by their keys; else values are added to them.</summary>
    public bool Recalls { get; init; }

    /// <summary>Neighbouring heads whose betas, then alphas, follow each other in the projection; 0 where all betas come first.</summary>
    public int RateGroup { get; init; }

    /// <summary>Rows of a head's matrix: values of its output.</summary>
    public int Rows { get; init; }

    /// <summary>Columns of a head's matrix: values of a key and of a query.</summary>
    public int Columns { get; init; }

    /// <summary>Of the convolution: the first value.</summary>
    public int ValueAt { get; init; }

    /// <summary>Of the convolution: the first key.</summary>
    public int KeyAt { get; init; }

    /// <summary>Of the convolution: the first query.</summary>
    public int QueryAt { get; init; }

    /// <summary>Keys, and queries.</summary>
    public int KeyHeads { get; init; } = 1;

    /// <summary>Whether neighbouring heads share a key, or those that have the same rest.</summary>
    public bool NeighboursShareKeys { get; init; }

    /// <summary>Values of an output: what the last projection takes.</summary>
    public required int Width { get; init; }

    /// <summary>Values of an output that are normalised together; 0 for no norm.</summary>
    public int NormSize { get; init; }

    /// <summary>Whether outputs are gated before they are normalised, by gains of their own for each; else behind, by the same gains for all parts.</summary>
    public bool GatesFirst { get; init; }

    /// <summary>Floats before the heads' matrices: the last positions of all channels, rounded up so that rows can be read four at a time.</summary>
    public int HeadsAt => ((Channels * (Kernel - 1)) + 15) / 16 * 16;

    /// <summary>Floats of a sequence's state.</summary>
    public int StateFloats => HeadsAt + (Heads * Rows * Columns);

    /// <summary>The shape of an operator.</summary>
    /// <exception cref="NotSupportedException">It is of a kind that devices do not have.</exception>
    public static StateShape Of(StateOperator step) => step switch
    {
        GatedDeltaNetOperator net => new StateShape
        {
            Channels = net.Channels,
            Kernel = net.Kernel,
            GateAt = net.Channels,
            RatesAt = net.Channels + net.ValueWidth,
            Recalls = true,
            RateGroup = net.BetaAlpha is null ? 0 : net.ValueHeads / net.KeyHeads,
            Heads = net.ValueHeads,
            Rows = net.HeadSize,
            Columns = net.HeadSize,
            QueryAt = 0,
            KeyAt = net.KeyHeads * net.HeadSize,
            ValueAt = 2 * net.KeyHeads * net.HeadSize,
            KeyHeads = net.KeyHeads,
            NeighboursShareKeys = net.NeighboursShareKeys,
            Width = net.ValueWidth,
            NormSize = net.HeadSize,
        },
        Mamba2Operator mamba => new StateShape
        {
            Channels = mamba.Channels,
            Kernel = mamba.Kernel,
            ChannelsAt = mamba.Inner,
            RatesAt = mamba.Inner + mamba.Channels,
            Heads = mamba.Heads,
            Rows = mamba.HeadSize,
            Columns = mamba.StateSize,
            KeyAt = mamba.Inner,
            QueryAt = mamba.Inner + (mamba.Groups * mamba.StateSize),
            KeyHeads = mamba.Groups,
            NeighboursShareKeys = true,
            Width = mamba.Inner,
            NormSize = mamba.Inner / mamba.Groups,
            GatesFirst = true,
        },
        ShortConvolutionOperator convolution => new StateShape { Channels = convolution.Channels, Kernel = convolution.Kernel, Width = convolution.Channels },
        _ => throw new NotSupportedException(step.Name),
    };
}
