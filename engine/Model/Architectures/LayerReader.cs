using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Model.Architectures;

/// <summary>Reads the tensors of one layer into operators. Names are those of GGUF behind <c>blk.N.</c>, without <c>.weight</c> or <c>.bias</c>.</summary>
internal sealed class LayerReader(ModelReader model, int index)
{
    private const int MaxFeedForward = 1 << 24;
    private const int MaxExperts = 65536;

    /// <summary>The layer's number, from 0.</summary>
    public int Index => index;

    /// <summary>Whether the layer has such a tensor.</summary>
    public bool Has(string name) => model.Tensors.Has($"blk.{index}.{name}.weight");

    /// <summary>A matrix.</summary>
    public GgufTensor Matrix(string name, params ReadOnlySpan<long> shape) => model.Tensors.Matrix($"blk.{index}.{name}.weight", shape);

    /// <summary>A norm's gain, or another vector.</summary>
    public GgufTensor Vector(string name, params ReadOnlySpan<long> shape) => model.Tensors.Vector($"blk.{index}.{name}.weight", shape);

    /// <summary>A bias.</summary>
    public GgufTensor Bias(string name, params ReadOnlySpan<long> shape) => model.Tensors.Vector($"blk.{index}.{name}.bias", shape);

    /// <summary>A branch of one or more operators behind a norm.</summary>
    public ResidualBranch Branch(string norm, params IReadOnlyList<LayerOperator> operators) => new() { Norm = Vector(norm, model.Width), Operators = operators };

    /// <summary>A branch with a norm before and one behind.</summary>
    public ResidualBranch BranchBetween(string norm, string postNorm, params IReadOnlyList<LayerOperator> operators) =>
        Branch(norm, operators) with { PostNorm = Vector(postNorm, model.Width) };

    /// <summary>A vector whose name has nothing behind it.</summary>
    public GgufTensor Plain(string name, params ReadOnlySpan<long> shape) => model.Tensors.Vector($"blk.{index}.{name}", shape);

    /// <summary>Whether the layer has a tensor whose name has nothing behind it.</summary>
    public bool HasPlain(string name) => model.Tensors.Has($"blk.{index}.{name}");

    /// <summary>The matrix of queries.</summary>
    public GgufTensor QueryMatrix(HeadShape heads) => Matrix("attn_q", model.Width, heads.QueryWidth);

    /// <summary>A matrix of keys or values.</summary>
    public GgufTensor KeyMatrix(string name, HeadShape heads) => Matrix(name, model.Width, heads.KvWidth);

    /// <summary>The matrix behind attention.</summary>
    public GgufTensor OutputMatrix(HeadShape heads) => Matrix("attn_output", heads.QueryWidth, model.Width);

    /// <summary>Experts of a mixture: <c>expert_count</c>.</summary>
    public int ExpertCount() => model.Keys.Integer("expert_count", 1, MaxExperts);

    /// <summary>Plain attention over all positions.</summary>
    public AttentionOperator Attention(HeadShape heads, RopeSettings? rope) => Attention(heads, rope, Matrix("attn_q", model.Width, heads.QueryWidth));

    /// <summary>The same with a matrix of queries of another form.</summary>
    public AttentionOperator Attention(HeadShape heads, RopeSettings? rope, GgufTensor query) => new()
    {
        Heads = heads,
        Query = query,
        Key = Matrix("attn_k", model.Width, heads.KvWidth),
        Value = Matrix("attn_v", model.Width, heads.KvWidth),
        Output = Matrix("attn_output", heads.QueryWidth, model.Width),
        Rope = rope,
        Scale = 1 / MathF.Sqrt(heads.Size),
    };

    /// <summary>The same with biases of queries, keys and values.</summary>
    public AttentionOperator WithBiases(AttentionOperator attention) => attention with
    {
        QueryBias = Bias("attn_q", attention.Heads.QueryWidth),
        KeyBias = Bias("attn_k", attention.Heads.KvWidth),
        ValueBias = Bias("attn_v", attention.Heads.KvWidth),
    };

    /// <summary>The same with norms of each query and key head.</summary>
    public AttentionOperator WithHeadNorms(AttentionOperator attention) => attention with
    {
        QueryNorm = Vector("attn_q_norm", attention.Heads.Size),
        KeyNorm = Vector("attn_k_norm", attention.Heads.Size),
    };

    /// <summary>A dense feed-forward part as wide as <c>feed_forward_length</c>.</summary>
    public FeedForwardOperator FeedForward(FeedForwardActivation activation) => FeedForward(activation, FeedForwardWidth(), "");

    /// <summary>The same, <paramref name="hidden"/> wide.</summary>
    public FeedForwardOperator FeedForward(FeedForwardActivation activation, int hidden) => FeedForward(activation, hidden, "");

    /// <summary>Lets the layer's tensor of that name be where it is, if there is one.</summary>
    public void Skip(string name) => model.Tensors.Skip($"blk.{index}.{name}.");

    /// <summary>Values between the matrices of a dense part: <c>feed_forward_length</c>.</summary>
    public int FeedForwardWidth() => model.Keys.Integer("feed_forward_length", 1, MaxFeedForward);

    /// <summary>The experts that all tokens go through, as one dense part.</summary>
    /// <param name="activation">Between the matrices.</param>
    /// <param name="width">Values between the matrices, of all of them together.</param>
    public FeedForwardOperator SharedExperts(FeedForwardActivation activation, int width) => FeedForward(activation, width, "_shexp");

    /// <summary>The same, <c>expert_shared_count</c> times as wide as an expert.</summary>
    public FeedForwardOperator SharedExperts(FeedForwardActivation activation) =>
        SharedExperts(activation, checked(model.Keys.Integer("expert_shared_count", 1, 64) * ExpertWidth()));

    /// <summary>Values between the matrices of an expert: <c>expert_feed_forward_length</c>.</summary>
    public int ExpertWidth() => model.Keys.Integer("expert_feed_forward_length", 1, MaxFeedForward);

    /// <summary>A mixture of experts.</summary>
    public MixtureOperator Mixture(FeedForwardActivation activation, ExpertGating gating) => Mixture(activation, gating, ExpertWidth());

    /// <summary>A mixture of experts that are <paramref name="hidden"/> wide between their matrices.</summary>
    public MixtureOperator Mixture(FeedForwardActivation activation, ExpertGating gating, int hidden)
    {
        var experts = ExpertCount();

        // Some files have gate and up of an expert in one tensor, the gate first.
        const string Joined = "ffn_gate_up_exps";
        var joined = Has(Joined) ? Experts(Joined, model.Width, 2L * hidden, experts) : null;
        return new MixtureOperator
        {
            UsedCount = model.Keys.Integer("expert_used_count", 1, experts),
            Router = Matrix("ffn_gate_inp", model.Width, experts),
            Gating = gating,
            Activation = activation,
            Gate = joined is null ? Experts("ffn_gate_exps", model.Width, hidden, experts) : [.. joined.Select(expert => expert.Slice(0, hidden))],
            Up = joined is null ? Experts("ffn_up_exps", model.Width, hidden, experts) : [.. joined.Select(expert => expert.Slice(hidden, hidden))],
            Down = Experts("ffn_down_exps", hidden, model.Width, experts),
        };
    }

    /// <summary>A mixture as the file's keys describe it: <c>expert_gating_func</c>, a bias for the choice, <c>expert_weights_norm</c> and <c>_scale</c>.</summary>
    /// <param name="activation">Between the matrices.</param>
    /// <param name="unset">What a file that does not say is made with.</param>
    public MixtureOperator BiasedMixture(FeedForwardActivation activation, ExpertGating unset = ExpertGating.Sigmoid)
    {
        const int Sigmoid = 2;
        var gating = model.Keys.Integer("expert_gating_func", 0, Sigmoid, 0);
        return Mixture(activation, gating == 0 ? unset : gating == Sigmoid ? ExpertGating.Sigmoid : ExpertGating.Softmax) with
        {
            ChoiceBias = model.Tensors.FindVector($"blk.{index}.exp_probs_b.bias", model.Keys.Integer("expert_count", 1, MaxExperts)),
            NormalisesWeights = model.Keys.Flag("expert_weights_norm", false),
            WeightScale = Positive(model.Keys.Float("expert_weights_scale", 0, 1e6f, 1)),
        };

        // 0 is unset.
        static float Positive(float scale) => scale == 0 ? 1 : scale;
    }

    /// <summary>Mamba-2 by the file's <c>ssm.*</c> keys.</summary>
    public Mamba2Operator Mamba2()
    {
        const int MostHeads = 65536, MostSize = 4096, MostInner = 1 << 20;
        var heads = model.Keys.Integer("ssm.time_step_rank", 1, MostHeads);
        var groups = model.Keys.Integer("ssm.group_count", 1, heads);
        var size = model.Keys.Integer("ssm.state_size", 1, MostSize);
        var inner = model.Keys.Integer("ssm.inner_size", heads, MostInner);
        if (size % 16 != 0 || inner % heads != 0 || heads % groups != 0)
        {
            throw model.Keys.Fault("ssm.state_size", $"states of {size}, {heads} heads of {inner} values and {groups} groups: states must be multiples of 16, and the others of each other");
        }

        var channels = inner + (2 * groups * size);
        var kernel = model.Keys.Integer("ssm.conv_kernel", 2, 64);
        model.CheckState(((long)channels * kernel) + ((long)inner * size));
        return new Mamba2Operator
        {
            Heads = heads,
            Groups = groups,
            StateSize = size,
            Input = Matrix("ssm_in", model.Width, inner + channels + heads),
            Convolution = Vector("ssm_conv1d", kernel, channels),
            ConvolutionBias = Bias("ssm_conv1d", channels),
            StepBias = Bias("ssm_dt", heads),
            DecayRate = Plain("ssm_a", 1, heads),
            Skip = Plain("ssm_d", 1, heads),
            OutputNorm = Vector("ssm_norm", inner / groups, groups),
            Output = Matrix("ssm_out", inner, model.Width),
        };
    }

    private FeedForwardOperator FeedForward(FeedForwardActivation activation, int hidden, string suffix) => new()
    {
        Activation = activation,
        Gate = Matrix("ffn_gate" + suffix, model.Width, hidden),
        Up = Matrix("ffn_up" + suffix, model.Width, hidden),
        Down = Matrix("ffn_down" + suffix, hidden, model.Width),
    };

    private GgufTensor[] Experts(string name, long columns, long rows, int count)
    {
        var all = Matrix(name, columns, rows, count);
        return [.. Enumerable.Range(0, count).Select(expert => all.Slice(expert * rows, rows))];
    }
}
