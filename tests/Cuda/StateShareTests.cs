using System.Runtime.InteropServices;
using Crescent.Engine.Cuda.Parallel;
using Crescent.Engine.Cuda.Weights;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Model.Layers;

namespace Crescent.Tests.Cuda;

/// <summary>How an operator that keeps a state is divided among GPUs; none is needed for it.</summary>
public sealed unsafe class StateShareTests : IDisposable
{
    private const int Size = 16, Kernel = 4, Width = 8;
    private readonly List<nint> _memory = [];

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void A_share_of_a_delta_net_has_key_heads_and_the_value_heads_that_read_them(bool neighbours, bool together)
    {
        const int Keys = 8, Sharers = 3, Heads = Keys * Sharers;
        var net = Net(Keys, Heads, neighbours, together);
        StateShare[] shares = [.. Enumerable.Range(0, 4).Select(part => StateShare.Of(net, part, 4))];
        Same(net, shares);
        foreach (var (share, part) in shares.Select(static (share, part) => (share, part)))
        {
            var shape = share.Shape;
            Assert.Equal((2, 6), (shape.KeyHeads, shape.Heads));
            var channels = RowsOf(net.QueryKeyValue, share.Input);
            Assert.Equal(channels, RowsOf(net.Convolution, share.Convolution));
            Assert.Equal(shape.Channels, channels.Count);
            var gates = RowsOf(net.Gate, share.Input);
            var columns = share.OutputRuns.Firsts.SelectMany(first => Enumerable.Range(first, share.OutputRuns.Length)).ToList();
            List<int> rates = together ? RowsOf(net.BetaAlpha!, share.Input) : [.. RowsOf(net.Beta!, share.Input), .. RowsOf(net.Alpha!, share.Input).Select(static row => row + Heads)];
            for (var head = 0; head < shape.Heads; head++)
            {
                // Of the value head as the whole counts: that of its first channel.
                var whole = (channels[shape.ValueAt + (head * Size)] - (2 * Keys * Size)) / Size;
                var key = shape.NeighboursShareKeys ? head / (shape.Heads / shape.KeyHeads) : head % shape.KeyHeads;
                var wholeKey = neighbours ? whole / Sharers : whole % Keys;
                Assert.Equal((part * 2) + key, wholeKey);
                Assert.Equal(wholeKey * Size, channels[shape.QueryAt + (key * Size)]);
                Assert.Equal((Keys + wholeKey) * Size, channels[shape.KeyAt + (key * Size)]);
                Assert.Equal(whole * Size, gates[head * Size]);
                Assert.Equal(whole * Size, columns[head * Size]);
                Assert.Equal(whole, ValuesOf(net.DecayRate, share.DecayRate)[head]);
                Assert.Equal(whole, ValuesOf(net.DecayBias, share.RateBias)[head]);
                Assert.Equal(together ? (whole / Sharers * 2 * Sharers) + (whole % Sharers) : whole, rates[head]);
                Assert.Equal(together ? (whole / Sharers * 2 * Sharers) + Sharers + (whole % Sharers) : Heads + whole, rates[shape.Heads + head]);
            }
        }
    }

    [Fact]
    public void Channels_of_a_short_convolution_are_divided_as_evenly_as_columns_let_it_be()
    {
        var convolution = new ShortConvolutionOperator { Input = Tensor(Width, 3 * 80), Convolution = Tensor(Kernel, 80), Output = Tensor(80, Width) };
        var ranges = Enumerable.Range(0, 4).Select(part => GraphShare.Range(convolution.Output, part, 4));
        StateShare[] shares = [.. ranges.Select(range => StateShare.Of(convolution, range.First, range.Count))];
        Assert.Equal([32, 16, 16, 16], shares.Select(static share => share.Shape.Channels));
        Same(convolution, shares);
    }

    [Theory]
    [InlineData(1, 4)]
    [InlineData(2, 4)]
    [InlineData(2, 8)]
    public void Gpus_that_share_a_group_of_Mamba_2_have_heads_of_it_and_all_of_what_serves_them(int groups, int parts)
    {
        const int Heads = 8, State = 32, Inner = Heads * Size;
        var channels = Inner + (2 * groups * State);
        var mamba = new Mamba2Operator
        {
            Heads = Heads,
            Groups = groups,
            StateSize = State,
            Input = Tensor(Width, Inner + channels + Heads),
            Convolution = Tensor(Kernel, channels),
            ConvolutionBias = Tensor(channels, 1),
            StepBias = Tensor(Heads, 1),
            DecayRate = Tensor(1, Heads),
            Skip = Tensor(1, Heads),
            OutputNorm = Tensor(Inner / groups, groups),
            Output = Tensor(Inner, Width),
        };
        Assert.Null(StateShare.FaultOf(mamba, "a", parts));
        for (var part = 0; part < parts; part++)
        {
            var share = StateShare.Of(mamba, part, parts);
            var (inner, group) = (Inner / parts, part * groups / parts);
            Assert.True(share.Shape.SharesNorm, "it normalises all of a group");
            Assert.Equal((inner, Inner / groups, groups, group), (share.Shape.NormSize, share.Shape.NormTotal, share.Shape.NormGroups, share.Shape.NormGroup));
            int[] own = [.. Enumerable.Range(part * inner, inner), .. Enumerable.Range(Inner + (group * State), State), .. Enumerable.Range(Inner + ((groups + group) * State), State)];
            int[] heads = [.. Enumerable.Range(part * Heads / parts, Heads / parts)];
            Assert.Equal(own, RowsOf(mamba.Convolution, share.Convolution));
            Assert.Equal(own, ValuesOf(mamba.ConvolutionBias, share.ConvolutionBias));
            Assert.Equal([.. own[..inner], .. own.Select(static row => row + Inner), .. heads.Select(head => head + Inner + channels)], RowsOf(mamba.Input, share.Input));
            Assert.Equal(heads, RowsOf(mamba.Skip, share.Skip));
            Assert.Equal(heads, RowsOf(mamba.DecayRate, share.DecayRate));
            Assert.Equal(heads, ValuesOf(mamba.StepBias, share.RateBias));
            Assert.Equal(own[..inner], ValuesOf(mamba.OutputNorm, share.OutputNorm));
            Assert.Equal(Runs.Of(part * inner, inner), share.OutputRuns);
        }

        Assert.Equal($"it has {groups} groups of {Heads / groups} heads in Mamba-2", StateShare.FaultOf(mamba, "a", 3)!.Value.What);
        Assert.Equal(groups < 2, StateShare.Of(mamba, 0, 2).Shape.SharesNorm);
    }

    [Fact]
    public void Heads_whose_columns_begin_within_a_scale_are_refused_by_the_tensor()
    {
        // Two heads of 16 begin where a scale of 32 does, and one between.
        var quantised = Net(4, 8, neighbours: true, together: false) with { Output = Tensor(8 * Size, Width, GgmlType.Q8_0) };
        Assert.Null(StateShare.FaultOf(quantised, "a", 4));
        var fault = StateShare.FaultOf(quantised with { NeighboursShareKeys = false }, "a", 4);
        Assert.Equal("it has columns of 8 heads of 16 values in Q8_0", fault!.Value.What);
        Assert.Null(StateShare.FaultOf(quantised with { NeighboursShareKeys = false }, "a", 2));
    }

    [Fact]
    public void A_group_that_gpus_share_beside_another_operator_is_refused()
    {
        using var file = GgufFile.Open(TestFiles.Shared("arch", "nemotron_h.gguf"));
        var graph = Crescent.Engine.Model.Architectures.Architecture.Read(file);
        var other = graph.Operators.OfType<FeedForwardOperator>().First();
        var beside = graph with
        {
            Layers = [.. graph.Layers.Select(layer => layer with { Branches = [.. layer.Branches.Select(branch => branch.Operators[0] is Mamba2Operator ? branch with { Operators = [.. branch.Operators, other] } : branch)] })],
        };
        Assert.Null(StateShare.FaultOf(graph, 4));
        Assert.Null(StateShare.FaultOf(beside, 2));
        Assert.Contains("beside other operators", StateShare.FaultOf(beside, 4)!.Value.What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_whole_operator_is_one_share_of_the_files_own_tensors()
    {
        var net = Net(4, 8, neighbours: false, together: false);
        var share = StateShare.All(net);
        Assert.Equal([net.QueryKeyValue, net.Gate, net.Beta!, net.Alpha!], share.Input);
        Assert.Same(net.DecayRate, Assert.Single(share.DecayRate));
        Assert.Equal(Runs.Of(0, net.Output.Columns), share.OutputRuns);
    }

    public void Dispose() => _memory.ForEach(static memory => NativeMemory.Free((void*)memory));

    /// <summary>Every row, value and column of an operator must be in one of its shares, and in no other.</summary>
    internal static void Same(StateOperator whole, StateShare[] shares)
    {
        GgufTensor?[] tensors = whole switch
        {
            GatedDeltaNetOperator net => [net.QueryKeyValue, net.Gate, net.Beta, net.Alpha, net.BetaAlpha, net.Convolution, net.DecayRate, net.DecayBias],
            Mamba2Operator mamba => [mamba.Input, mamba.Convolution, mamba.ConvolutionBias, mamba.StepBias, mamba.DecayRate, mamba.Skip, mamba.OutputNorm],
            ShortConvolutionOperator convolution => [convolution.Input, convolution.Convolution],
            _ => throw new NotSupportedException(whole.Name),
        };
        GgufTensor[] pieces =
        [
            .. shares.SelectMany(share => share.Input.Concat(share.Convolution).Concat(share.ConvolutionBias).Concat(share.DecayRate).Concat(share.RateBias).Concat(share.Skip)
                .Concat(whole is GatedDeltaNetOperator ? [] : share.OutputNorm)),
        ];
        foreach (var tensor in tensors.OfType<GgufTensor>())
        {
            var at = (nint)tensor.Data;
            foreach (var piece in pieces.Where(piece => Has(tensor, piece)).OrderBy(static piece => (nint)piece.Data))
            {
                Assert.True(at == (nint)piece.Data, $"{piece.Name} begins {(nint)piece.Data - at} bytes behind what the shares before have");
                at += (nint)piece.ByteLength;
            }

            Assert.True(at == (nint)tensor.Data + (nint)tensor.ByteLength, $"{tensor.Name} is not in the shares to its end");
        }

        Assert.Equal(pieces.Length, tensors.OfType<GgufTensor>().Sum(tensor => pieces.Count(piece => Has(tensor, piece))));
        Assert.All(shares, share => Assert.Equal(share.Shape.Width, share.OutputRuns.Total));
        Assert.Equal(
            Enumerable.Range(0, shares[0].Output.Columns),
            shares.SelectMany(static share => share.OutputRuns.Firsts.SelectMany(first => Enumerable.Range(first, share.OutputRuns.Length))).Order());
        Assert.All(shares, share => Assert.Equal(share.Shape.RatesAt + (share.Shape.Heads * (share.Shape.Recalls ? 2 : 1)), share.Shape.Heads == 0 ? 0 : share.Input.Sum(static piece => piece.Rows)));
        if (whole is GatedDeltaNetOperator { OutputNorm: var gain })
            Assert.All(shares, share => Assert.Same(gain, Assert.Single(share.OutputNorm)));
    }

    private static bool Has(GgufTensor whole, GgufTensor piece) => piece.Data >= whole.Data && piece.Data < whole.Data + whole.ByteLength;

    private static List<int> RowsOf(GgufTensor whole, IEnumerable<GgufTensor> pieces) =>
        [.. pieces.Where(piece => Has(whole, piece)).SelectMany(piece => Enumerable.Range((int)((piece.Data - whole.Data) / whole.RowBytes), (int)piece.Rows))];

    private static List<int> ValuesOf(GgufTensor whole, IEnumerable<GgufTensor> pieces) =>
        [.. pieces.SelectMany(piece => Enumerable.Range((int)((piece.Data - whole.Data) / sizeof(float)), piece.Columns))];

    private GatedDeltaNetOperator Net(int keys, int heads, bool neighbours, bool together) => new()
    {
        KeyHeads = keys,
        ValueHeads = heads,
        HeadSize = Size,
        NeighboursShareKeys = neighbours,
        QueryKeyValue = Tensor(Width, ((2 * keys) + heads) * Size),
        Gate = Tensor(Width, heads * Size),
        Beta = together ? null : Tensor(Width, heads),
        Alpha = together ? null : Tensor(Width, heads),
        BetaAlpha = together ? Tensor(Width, 2 * heads) : null,
        Convolution = Tensor(Kernel, ((2 * keys) + heads) * Size),
        DecayRate = Tensor(heads, 1),
        DecayBias = Tensor(heads, 1),
        OutputNorm = Tensor(Size, 1),
        Output = Tensor(heads * Size, Width),
    };

    // Its values are nobody's business.
    private GgufTensor Tensor(int columns, int rows, GgmlType type = GgmlType.F32)
    {
        var bytes = (long)columns * rows / GgmlTypes.BlockLength(type) * GgmlTypes.BlockBytes(type);
        var data = (byte*)NativeMemory.Alloc((nuint)bytes);
        _memory.Add((nint)data);
        return new GgufTensor("w", type, [columns, rows], data, bytes);
    }
}
