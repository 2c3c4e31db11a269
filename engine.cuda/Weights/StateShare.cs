using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Cuda.Weights;

/// <summary>
/// What one GPU has of an operator that keeps a state: some heads, or channels, with all that is theirs. Tensors are lists of slices of the file's, which lie behind one
/// another in device memory.
/// </summary>
/// <remarks>
/// A gated delta net is divided by key heads, with the value heads that read them; Mamba-2 by groups, with the heads that they serve, or, where there are fewer groups than
/// GPUs, by heads, with the group that serves them; a short convolution by channels. Rows of the projections, channels of the convolution, decays, biases and columns of the
/// output are so of some places of each tensor.
/// </remarks>
internal sealed record StateShare : StateOperator
{
    /// <inheritdoc/>
    public override string Name => Whole.Name;

    /// <inheritdoc/>
    public override IEnumerable<GgufTensor> Matrices => [.. Input, WeightUpload.SpanOf(Output, OutputRuns)];

    /// <inheritdoc/>
    public override int StateFloats => Shape.StateFloats;

    /// <summary>What it is a part of.</summary>
    public required StateOperator Whole { get; init; }

    /// <summary>How the part is laid out.</summary>
    public required StateShape Shape { get; init; }

    /// <summary>(width, rows): what is projected, in the order of <see cref="Shape"/>.</summary>
    public required IReadOnlyList<GgufTensor> Input { get; init; }

    /// <summary>(kernel, channels).</summary>
    public required IReadOnlyList<GgufTensor> Convolution { get; init; }

    /// <summary>(channels), or none.</summary>
    public IReadOnlyList<GgufTensor> ConvolutionBias { get; init; } = [];

    /// <summary>(heads), or none without heads.</summary>
    public IReadOnlyList<GgufTensor> DecayRate { get; init; } = [];

    /// <summary>(heads), or none without heads: added to what the step, or the decay, is made of.</summary>
    public IReadOnlyList<GgufTensor> RateBias { get; init; } = [];

    /// <summary>(heads), or none: what of a value goes straight to the output.</summary>
    public IReadOnlyList<GgufTensor> Skip { get; init; } = [];

    /// <summary>Gain of the norm of outputs, or none.</summary>
    public IReadOnlyList<GgufTensor> OutputNorm { get; init; } = [];

    /// <summary>(values, width): whole; the part has <see cref="OutputRuns"/> of its columns.</summary>
    public required GgufTensor Output { get; init; }

    /// <summary>Columns of <see cref="Output"/>.</summary>
    public required Runs OutputRuns { get; init; }

    /// <summary>All of an operator, as what a GPU alone has.</summary>
    /// <exception cref="NotSupportedException">It is of a kind that devices do not have.</exception>
    public static StateShare All(StateOperator step) => step switch
    {
        GatedDeltaNetOperator net => Of(net, 0, 1),
        Mamba2Operator mamba => Of(mamba, 0, 1),
        ShortConvolutionOperator convolution => Of(convolution, 0, convolution.Channels),
        _ => throw new NotSupportedException(step.Name),
    };

    /// <summary>What of a model's states so many GPUs cannot share, and the key or tensor that says so; null where they can.</summary>
    public static (string Key, string What)? FaultOf(DecoderGraph graph, int parts)
    {
        foreach (var step in graph.Operators)
        {
            if (step is StateOperator state && FaultOf(state, graph.Config.Architecture, parts) is { } fault)
            {
                return fault;
            }
        }

        // What is normalised over several GPUs is a stage of its own of a branch.
        return graph.Layers.SelectMany(static layer => layer.Branches)
            .Any(branch => branch.Operators.Concat(branch.Parts.SelectMany(static part => part.Operators)).OfType<Mamba2Operator>().Any(mamba => mamba.Groups % parts != 0)
                && (branch.Operators.Count != 1 || branch.Parts.Count > 0))
            ? ("general.architecture", "it has Mamba-2 of few groups beside other operators of a branch")
            : null;
    }

    /// <summary>What of an operator's heads so many GPUs cannot share, and the key or tensor that says so; null where they can.</summary>
    public static (string Key, string What)? FaultOf(StateOperator step, string architecture, int parts)
    {
        switch (step)
        {
            case GatedDeltaNetOperator net when net.KeyHeads % parts != 0:
                return ($"{architecture}.ssm.group_count", $"it has {net.KeyHeads} key heads in gated delta nets");
            case GatedDeltaNetOperator net when HeadsOf(net, 0, parts).Length * net.HeadSize % UnitOf(net.Output) != 0:
                return (net.Output.Name, $"it has columns of {net.ValueHeads} heads of {net.HeadSize} values in {net.Output.Type}");
            case Mamba2Operator mamba when mamba.Groups % parts != 0 && (parts % mamba.Groups != 0 || mamba.Heads % parts != 0):
                return ($"{architecture}.ssm.group_count", $"it has {mamba.Groups} groups of {mamba.Heads / mamba.Groups} heads in Mamba-2");
            case Mamba2Operator mamba when mamba.Inner / parts % UnitOf(mamba.Output) != 0:
                return (mamba.Output.Name, $"it has columns of {mamba.Heads} heads of {mamba.HeadSize} values in {mamba.Output.Type}");
            default:
                return null;
        }
    }

    /// <summary>Part <paramref name="part"/> of <paramref name="parts"/> of what <see cref="FaultOf(StateOperator, string, int)"/> has nothing against.</summary>
    public static StateShare Of(GatedDeltaNetOperator net, int part, int parts)
    {
        var (size, keyHeads) = (net.HeadSize, net.KeyHeads / parts);
        var heads = HeadsOf(net, part, parts);
        var (keys, values) = (Runs.Of(part * keyHeads, keyHeads).Times(size), heads.Times(size));
        Runs[] channels = [keys, keys.From(net.KeyHeads * size), values.From(2 * net.KeyHeads * size)];
        return new StateShare
        {
            Whole = net,
            Shape = StateShape.Of(net, keyHeads),
            Input = [.. Rows(net.QueryKeyValue, channels), .. Rows(net.Gate, values), .. Rates(net, heads)],
            Convolution = Rows(net.Convolution, channels),
            DecayRate = Values(net.DecayRate, heads),
            RateBias = Values(net.DecayBias, heads),
            OutputNorm = [net.OutputNorm],
            Output = net.Output,
            OutputRuns = values,
        };
    }

    /// <summary>Part <paramref name="part"/> of <paramref name="parts"/> of what <see cref="FaultOf(StateOperator, string, int)"/> has nothing against.</summary>
    public static StateShare Of(Mamba2Operator mamba, int part, int parts)
    {
        // Of a group that several GPUs share, each has B and C.
        var heads = Runs.Of(part * (mamba.Heads / parts), mamba.Heads / parts);
        var groups = Runs.Of(part * mamba.Groups / parts, Math.Max(1, mamba.Groups / parts));
        var (inner, states) = (heads.Times(mamba.HeadSize), groups.Times(mamba.StateSize));
        Runs[] channels = [inner, states.From(mamba.Inner), states.From(mamba.Inner + (mamba.Groups * mamba.StateSize))];
        return new StateShare
        {
            Whole = mamba,
            Shape = StateShape.Of(mamba, heads.Total, groups.First, groups.Total),
            Input = Rows(mamba.Input, [inner, .. channels.Select(run => run.From(mamba.Inner)), heads.From(mamba.Inner + mamba.Channels)]),
            Convolution = Rows(mamba.Convolution, channels),
            ConvolutionBias = Values(mamba.ConvolutionBias, channels),
            DecayRate = Rows(mamba.DecayRate, heads),
            RateBias = Values(mamba.StepBias, heads),
            Skip = Rows(mamba.Skip, heads),
            OutputNorm = mamba.Groups >= parts
                ? Rows(mamba.OutputNorm, groups)
                : [mamba.OutputNorm.Slice(groups.First, 1).SomeColumns(inner.First % mamba.OutputNorm.Columns, inner.Total)],
            Output = mamba.Output,
            OutputRuns = inner,
        };
    }

    /// <summary>So many channels from the first on, which is where a row of the output's matrix can be cut.</summary>
    public static StateShare Of(ShortConvolutionOperator convolution, int first, int count)
    {
        var channels = Runs.Of(first, count);
        return new StateShare
        {
            Whole = convolution,
            Shape = StateShape.Of(convolution, count),
            Input = Rows(convolution.Input, channels, channels.From(convolution.Channels), channels.From(2 * convolution.Channels)),
            Convolution = Rows(convolution.Convolution, channels),
            Output = convolution.Output,
            OutputRuns = channels,
        };
    }

    // Where value heads that read neighbouring key heads are no neighbours themselves, there are as many runs of them as value heads share a key head.
    private static Runs HeadsOf(GatedDeltaNetOperator net, int part, int parts)
    {
        var (keys, sharers) = (net.KeyHeads / parts, net.ValueHeads / net.KeyHeads);
        return parts == 1 || net.NeighboursShareKeys ? Runs.Of(part * keys * sharers, keys * sharers) : new Runs(part * keys, sharers, keys, net.KeyHeads);
    }

    // Betas of all heads, then alphas.
    private static IReadOnlyList<GgufTensor> Rates(GatedDeltaNetOperator net, Runs heads)
    {
        if (net.BetaAlpha is not { } both)
        {
            return [.. Rows(net.Beta!, heads), .. Rows(net.Alpha!, heads)];
        }

        // For each key head the betas of its value heads, neighbours by their numbers, then their alphas.
        var sharers = net.ValueHeads / net.KeyHeads;
        Runs[] betas = [.. heads.Firsts.SelectMany(first => Enumerable.Range(first, heads.Length)).Select(head => Runs.Of((head / sharers * 2 * sharers) + (head % sharers), 1))];
        return Rows(both, [.. betas, .. betas.Select(beta => beta.From(sharers))]);
    }

    // Slices of some rows: one for those that touch, the tensor itself for all.
    private static IReadOnlyList<GgufTensor> Rows(GgufTensor tensor, params ReadOnlySpan<Runs> runs) =>
        [.. Pieces(runs).Select(piece => piece.Count == tensor.Rows ? tensor : tensor.Slice(piece.First, piece.Count))];

    // The same of values of a vector.
    private static IReadOnlyList<GgufTensor> Values(GgufTensor vector, params ReadOnlySpan<Runs> runs) =>
        [.. Pieces(runs).Select(piece => piece.Count == vector.Columns ? vector : vector.SomeColumns(piece.First, piece.Count))];

    private static List<(int First, int Count)> Pieces(ReadOnlySpan<Runs> all)
    {
        var pieces = new List<(int First, int Count)>();
        foreach (var runs in all)
        {
            foreach (var first in runs.Firsts)
            {
                if (pieces.Count > 0 && pieces[^1].First + pieces[^1].Count == first)
                {
                    pieces[^1] = (pieces[^1].First, pieces[^1].Count + runs.Length);
                }
                else
                {
                    pieces.Add((first, runs.Length));
                }
            }
        }

        return pieces;
    }

    // Columns begin where this GPU's kernels can cut a row.
    private static int UnitOf(GgufTensor output) => GgmlTypes.BlockLength(output.Type) == 1 ? 8 : 32;
}
