using Crescent.Engine.Model.Gguf;

namespace Crescent.Bench.Peers;

/// <summary>
/// Sizes of a model that is like a small one, a pattern, but as wide as a real one: of each number of the pattern, and each extent of its tensors, what it
/// becomes. Heads are four times as long and keep what part of them turns; there are a quarter of what the width grows more of them, and half as many
/// more keys and values.
/// </summary>
internal sealed class EnlargedShape
{
    private const int ContextLength = 8192;
    private const int HeadGrowth = 4;
    private const int StateGrowth = 8;
    private const int ExpertGrowth = 8;
    private const int PerLayerGrowth = 16;
    private const int ExpertWidth = 512;
    private const int QueryRank = 512;
    private const int LatentRank = 512;
    private const int PlainHead = 128;
    private const int TurningHead = 64;

    private readonly GgufFile _pattern;
    private readonly string _architecture;
    private readonly int _growth;
    private readonly int _width;
    private readonly int _layers;

    /// <param name="pattern">The small model.</param>
    /// <param name="width">A multiple of 512 and of the pattern's.</param>
    /// <param name="layers">At least so many, in whole repetitions of the pattern's; 0 for 24, or 12 where there are experts.</param>
    public EnlargedShape(GgufFile pattern, int width, int layers)
    {
        _pattern = pattern;
        _architecture = pattern.GetString("general.architecture");
        var small = Number("embedding_length");
        if (width % 512 != 0 || width % small != 0 || width / small < 8)
            throw new ArgumentException($"A width of {width}: it must be a multiple of 512 and at least eight times the pattern's {small}.", nameof(width));
        (_width, _growth) = (width, width / small);
        Layers = new EnlargedLayers(
            Number("block_count"), Number("nextn_predict_layers"), Number("leading_dense_block_count"), Number("attention.shared_kv_layers"),
            layers > 0 ? layers : Number("expert_count") > 0 ? 12 : 24);
        _layers = Layers.Count;
    }

    /// <summary>Which layer is like which of the pattern.</summary>
    public EnlargedLayers Layers { get; }

    private bool IsLatent => Has("attention.kv_lora_rank");

    private bool IsMamba => Has("ssm.inner_size") && !Has("full_attention_interval");

    private int Hidden => 3 * _width;

    /// <summary>What the number of the pattern called <paramref name="key"/>, without the architecture, becomes.</summary>
    public int Grow(string key, int value) => value == 0 ? 0 : key switch
    {
        "context_length" => ContextLength,
        "embedding_length" => _width,
        "block_count" => _layers,
        "feed_forward_length" => Has("expert_count") && !Has("expert_feed_forward_length") ? ExpertWidth : Hidden,
        "expert_feed_forward_length" or "expert_shared_feed_forward_length" => ExpertWidth,
        "expert_count" => value * ExpertGrowth,
        "expert_used_count" => value == 1 ? 1 : 4,
        "attention.head_count" or "ssm.time_step_rank" => value * _growth / HeadGrowth,
        "attention.head_count_kv" => IsLatent ? value : value * _growth / 8,
        "attention.q_lora_rank" => QueryRank,
        "attention.kv_lora_rank" => LatentRank,
        "attention.key_length" when IsLatent => LatentRank + TurningHead,
        "attention.value_length" when IsLatent => LatentRank,
        "attention.key_length_mla" => PlainHead + TurningHead,
        "attention.value_length_mla" => PlainHead,
        "rope.dimension_count" when IsLatent => TurningHead,
        "attention.key_length" or "attention.value_length" or "attention.key_length_swa" or "attention.value_length_swa" or "rope.dimension_count"
            or "rope.dimension_count_swa" or "rope.dimension_sections" => value * HeadGrowth,
        "attention.sliding_window" => Has("expert_count") && _architecture == "gpt-oss" ? 128 : 512,
        "attention.shared_kv_layers" => Layers.Sharing,
        "embedding_length_per_layer_input" => value * PerLayerGrowth,
        "ssm.state_size" => value * StateGrowth,
        "ssm.group_count" => IsMamba ? value : value * _growth / HeadGrowth,
        "ssm.inner_size" => IsMamba ? value * _growth : value * _growth / HeadGrowth * StateGrowth,
        "rope.scaling.original_context_length" => value * (ContextLength / Number("context_length")),
        _ => value,
    };

    /// <summary>What the shape of a tensor of the pattern becomes.</summary>
    /// <param name="role">Its name without <c>blk.N.</c>.</param>
    /// <param name="tensor">The pattern's.</param>
    public long[] Grow(string role, GgufTensor tensor)
    {
        var shape = tensor.Shape;
        var last = shape[^1];
        return role switch
        {
            "token_embd.weight" or "output.weight" => [_width, last],
            "rope_freqs.weight" or "rope_factors_long.weight" or "rope_factors_short.weight" => [last * HeadGrowth],
            "per_layer_token_embd.weight" => [PerLayer() * _layers, last],
            "per_layer_model_proj.weight" => [_width, PerLayer() * _layers],
            "per_layer_proj_norm.weight" => [PerLayer()],
            "inp_gate.weight" => [_width, PerLayer()],
            "proj.weight" => [PerLayer(), _width],
            "layer_output_scale.weight" => [1],
            "attn_q_a.weight" => [_width, QueryRank],
            "attn_q_a_norm.weight" => [QueryRank],
            "attn_q_b.weight" => [QueryRank, Heads() * (PlainHead + TurningHead)],
            "attn_kv_a_mqa.weight" => [_width, LatentRank + TurningHead],
            "attn_kv_a_norm.weight" => [LatentRank],
            "attn_k_b.weight" => [PlainHead, LatentRank, Heads()],
            "attn_v_b.weight" => [LatentRank, PlainHead, Heads()],
            "attn_output.weight" when IsLatent => [Heads() * PlainHead, _width],
            "attn_output.weight" => [shape[0] * _growth, _width],
            "attn_q.weight" => [_width, last * _growth],
            "attn_q.bias" => [last * _growth],
            "attn_k.weight" or "attn_v.weight" => [_width, last * _growth / 2],
            "attn_k.bias" or "attn_v.bias" => [last * _growth / 2],
            "attn_q_norm.weight" or "attn_k_norm.weight" => [last * HeadGrowth],
            "attn_sinks.weight" => [Heads()],
            "attn_qkv.weight" => [_width, Has("ssm.inner_size") ? last * _growth / HeadGrowth * StateGrowth : _width + (2L * Grown("attention.head_count_kv") * (_width / Heads()))],
            "attn_gate.weight" => [_width, Grown("ssm.inner_size")],
            "ssm_in.weight" => [_width, Grown("ssm.inner_size") + Channels() + Grown("ssm.time_step_rank")],
            "ssm_out.weight" => [Grown("ssm.inner_size"), _width],
            "ssm_conv1d.weight" => [shape[0], Channels()],
            "ssm_conv1d.bias" => [Channels()],
            "ssm_norm.weight" => IsMamba ? [Grown("ssm.inner_size") / last, last] : [Grown("ssm.state_size")],
            "ssm_beta.weight" or "ssm_alpha.weight" or "ssm_ba.weight" => [_width, last * _growth / HeadGrowth],
            "ssm_a" or "ssm_d" when shape.Count == 2 => [1, Grown("ssm.time_step_rank")],
            "ssm_a" or "ssm_dt.bias" => [Grown("ssm.time_step_rank")],
            "shortconv.conv.weight" => [shape[0], _width],
            "shortconv.in_proj.weight" => [_width, 3L * _width],
            "ffn_gate.weight" or "ffn_up.weight" => [_width, last / FeedForward() * Hidden],
            "ffn_down.weight" => [Hidden, _width],
            "ffn_gate_inp.weight" => [_width, last * ExpertGrowth],
            "ffn_gate_inp.bias" or "exp_probs_b.bias" or "ffn_down_exps.scale" => [last * ExpertGrowth],
            "ffn_gate_exps.weight" or "ffn_up_exps.weight" => [_width, ExpertWidth, last * ExpertGrowth],
            "ffn_gate_up_exps.weight" => [_width, 2 * ExpertWidth, last * ExpertGrowth],
            "ffn_down_exps.weight" => [ExpertWidth, _width, last * ExpertGrowth],
            "ffn_gate_exps.bias" or "ffn_up_exps.bias" => [ExpertWidth, last * ExpertGrowth],
            "ffn_down_exps.bias" => [_width, last * ExpertGrowth],
            "ffn_gate_shexp.weight" or "ffn_up_shexp.weight" => [_width, ExpertWidth],
            "ffn_down_shexp.weight" => [ExpertWidth, _width],
            "nextn.eh_proj.weight" => [2L * _width, _width],
            _ when shape.All(extent => extent == Number("embedding_length")) => [.. shape.Select(_ => (long)_width)],
            _ => throw new NotSupportedException($"What becomes of {tensor.Name} {tensor} is not known; EnlargedShape has to say it."),
        };
    }

    private int PerLayer() => Grown("embedding_length_per_layer_input");

    private int Heads() => Grown("attention.head_count");

    private long FeedForward() => Number("feed_forward_length") is > 0 and var value ? value : _pattern.FindIntegers($"{_architecture}.feed_forward_length")!.Max();

    private long Channels() => Grown("ssm.inner_size") + (2L * Grown("ssm.group_count") * Grown("ssm.state_size"));

    private int Grown(string key) => Grow(key, Number(key) is > 0 and var value ? value : _pattern.FindIntegers($"{_architecture}.{key}")?.Max() ?? 0);

    private bool Has(string key) => _pattern.Contains($"{_architecture}.{key}");

    // 0 where there is none, or one for each layer.
    private int Number(string key) =>
        _pattern.FindValue($"{_architecture}.{key}") is { IsArray: false } ? checked((int)_pattern.GetInteger($"{_architecture}.{key}")) : 0;
}
