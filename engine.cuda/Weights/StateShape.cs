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

    /// <summary>Values that are normalised together on all GPUs: <see cref="NormSize"/>, or more where several have parts of a group.</summary>
    public int NormTotal { get; init; }

    /// <summary>Groups of values that are normalised together, of all GPUs.</summary>
    public int NormGroups { get; init; }

    /// <summary>The first group of which this GPU has values.</summary>
    public int NormGroup { get; init; }

    /// <summary>Whether its one group is a part of one that several GPUs have.</summary>
    public bool SharesNorm => NormTotal > NormSize;

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
        GatedDeltaNetOperator net => Of(net, net.KeyHeads),
        Mamba2Operator mamba => Of(mamba, mamba.Heads, 0, mamba.Groups),
        ShortConvolutionOperator convolution => Of(convolution, convolution.Channels),
        _ => throw new NotSupportedException(step.Name),
    };

    /// <summary>The shape of a gated delta net of some of the key heads, with the value heads that read them: queries, keys, values, gates, betas, alphas are projected.</summary>
    public static StateShape Of(GatedDeltaNetOperator net, int keyHeads)
    {
        var (keys, heads) = (keyHeads * net.HeadSize, keyHeads * net.ValueHeads / net.KeyHeads);
        var values = heads * net.HeadSize;
        return new StateShape
        {
            Channels = (2 * keys) + values,
            Kernel = net.Kernel,
            GateAt = (2 * keys) + values,
            RatesAt = (2 * keys) + (2 * values),
            Recalls = true,
            Heads = heads,
            Rows = net.HeadSize,
            Columns = net.HeadSize,
            QueryAt = 0,
            KeyAt = keys,
            ValueAt = 2 * keys,
            KeyHeads = keyHeads,
            NeighboursShareKeys = net.NeighboursShareKeys,
            Width = values,
            NormSize = net.HeadSize,
            NormTotal = net.HeadSize,
        };
    }

    /// <summary>The shape of Mamba-2 of some of the heads and the groups that serve them, or the one that serves them and others: z, x, B, C, dt are projected.</summary>
    public static StateShape Of(Mamba2Operator mamba, int heads, int firstGroup, int groups)
    {
        var inner = heads * mamba.HeadSize;
        var channels = inner + (2 * groups * mamba.StateSize);
        return new StateShape
        {
            Channels = channels,
            Kernel = mamba.Kernel,
            ChannelsAt = inner,
            RatesAt = inner + channels,
            Heads = heads,
            Rows = mamba.HeadSize,
            Columns = mamba.StateSize,
            KeyAt = inner,
            QueryAt = inner + (groups * mamba.StateSize),
            KeyHeads = groups,
            NeighboursShareKeys = true,
            Width = inner,
            NormSize = inner / groups,
            NormTotal = mamba.Inner / mamba.Groups,
            NormGroups = mamba.Groups,
            NormGroup = firstGroup,
            GatesFirst = true,
        };
    }

    /// <summary>The shape of a short convolution of some of the channels: b, c, x are projected.</summary>
    public static StateShape Of(ShortConvolutionOperator convolution, int channels) => new() { Channels = channels, Kernel = convolution.Kernel, Width = channels };
}
