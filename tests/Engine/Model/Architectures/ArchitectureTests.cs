using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Model.Layers;

namespace Crescent.Tests.Engine.Model.Architectures;

public sealed class ArchitectureTests
{
    [Theory]
    [InlineData("llama", RopeLayout.Interleaved)]
    [InlineData("qwen2", RopeLayout.HalfSplit)]
    [InlineData("qwen3", RopeLayout.HalfSplit)]
    [InlineData("qwen3moe", RopeLayout.HalfSplit)]
    public void A_file_becomes_numbers_and_tensors(string architecture, RopeLayout layout)
    {
        using var file = SmallModels.Decoder(architecture).Read();
        var graph = Architecture.Read(file);

        var moe = architecture == "qwen3moe";
        Assert.Equal(
            new ModelConfig
            {
                Architecture = architecture,
                Name = "small",
                LayerCount = 1,
                Width = 32,
                HeadCount = 4,
                KvHeadCount = 2,
                HeadSize = 16,
                FeedForwardWidth = 64,
                VocabularySize = 8,
                ContextLength = 128,
                NormEpsilon = 1e-5f,
                ExpertCount = moe ? 3 : 0,
                ExpertUsedCount = moe ? 2 : 0,
            },
            graph.Config);
        var layer = Assert.Single(graph.Layers);
        Assert.Equal(2, layer.Branches.Count);
        var attention = Assert.IsType<AttentionOperator>(Assert.Single(layer.Branches[0].Operators));
        Assert.Equal(architecture == "qwen2", attention.QueryBias is not null && attention.KeyBias is not null && attention.ValueBias is not null);
        Assert.Equal(architecture.StartsWith("qwen3", StringComparison.Ordinal), attention.QueryNorm is not null && attention.KeyNorm is not null);
        Assert.Equal((layout, 16, 1), (attention.Rope!.Layout, attention.Rope.Dimensions, attention.Rope.Magnitude));
        Assert.Equal(Math.Pow(10000, -2.0 / 16), attention.Rope.Frequencies[1]);
        var feedForward = Assert.Single(layer.Branches[1].Operators);
        Assert.Equal([32L, 64], moe ? Assert.IsType<MixtureOperator>(feedForward).Gate[2].Shape : Assert.IsType<FeedForwardOperator>(feedForward).Gate.Shape);
        Assert.Same(graph.TokenEmbedding, graph.Output);
    }

    [Fact]
    public void An_untied_head_and_rotary_factors_are_found()
    {
        using var file = SmallModels.Decoder("llama").Tensor("output.weight", GgmlType.Q8_0, [32, 8])
            .Tensor("rope_freqs.weight", GgmlType.F32, [8], 1, 1, 1, 1, 2, 4, 8, 8).Read();
        var graph = Architecture.Read(file);

        Assert.Equal("output.weight", graph.Output.Name);
        var frequencies = graph.Operators.OfType<AttentionOperator>().Single().Rope!.Frequencies;
        Assert.Equal(Math.Pow(10000, -2.0 * 5 / 16) / 4, frequencies[5]);
    }

    [Fact]
    public void What_a_file_leaves_out_has_its_default()
    {
        using var file = SmallModels.Decoder("llama").Remove("llama.rope.freq_base").Remove("general.name")
            .Remove("llama.attention.head_count_kv").Remove("llama.attention.key_length").Set("llama.attention.head_count", 2u)
            .Tensor("blk.0.attn_q.weight", GgmlType.F16, [32, 32]).Tensor("blk.0.attn_output.weight", GgmlType.F16, [32, 32]).Read();
        var graph = Architecture.Read(file);

        Assert.Equal(("test", 2, 16), (graph.Config.Name, graph.Config.KvHeadCount, graph.Config.HeadSize));
        Assert.Equal(Math.Pow(10000, -2.0 / 16), graph.Operators.OfType<AttentionOperator>().Single().Rope!.Frequencies[1]);
    }

    [Fact]
    public void A_window_of_attention_bounds_the_context()
    {
        using var narrow = SmallModels.Decoder("llama").Set("llama.attention.sliding_window", 64u).Read();
        using var wide = SmallModels.Decoder("llama").Set("llama.attention.sliding_window", 4096u).Read();

        Assert.Equal(64, Architecture.Read(narrow).Config.ContextLength);
        Assert.Equal(128, Architecture.Read(wide).Config.ContextLength);
    }

    [Fact]
    public void An_unknown_architecture_lists_the_known_ones()
    {
        using var file = SmallModels.Decoder("llama").Set("general.architecture", "mamba").Read();

        Fails(file, "general.architecture", "'mamba' is not supported; known are ", "gemma3, gemma4, glm4moe, gpt-oss, ");
    }

    [Fact]
    public void The_vision_part_of_a_model_is_refused_as_what_it_is()
    {
        using var file = SmallModels.Decoder("llama").Set("general.architecture", "clip").Set("general.type", "mmproj").Read();

        Fails(file, "general.architecture", "the vision or audio part of a model (mmproj)");
    }

    [Fact]
    public void A_state_that_no_model_has_is_refused()
    {
        using var file = SmallModels.Decoder("llama").Set("general.architecture", "qwen35").Set("qwen35.block_count", 1u)
            .Set("qwen35.context_length", 128u).Set("qwen35.embedding_length", (uint)SmallModels.Width).Set("qwen35.attention.head_count", 4u)
            .Set("qwen35.attention.key_length", 16u).Set("qwen35.ssm.state_size", 1024u).Set("qwen35.ssm.group_count", 1u)
            .Set("qwen35.ssm.time_step_rank", 4096u).Set("qwen35.ssm.conv_kernel", 4u).Read();

        Fails(file, "qwen35.ssm.state_size", "a state of");
    }

    [Theory]
    [InlineData("token_embd.weight")]
    [InlineData("output_norm.weight")]
    [InlineData("blk.0.attn_k.weight")]
    [InlineData("blk.0.attn_q.bias", "qwen2")]
    [InlineData("blk.0.attn_k_norm.weight", "qwen3")]
    [InlineData("blk.0.ffn_down_exps.weight", "qwen3moe")]
    public void A_missing_tensor_is_named(string tensor, string architecture = "llama")
    {
        using var file = SmallModels.Decoder(architecture).Remove(tensor).Read();

        Fails(file, tensor, "no such tensor");
    }

    [Theory]
    [InlineData("blk.0.attn_q.weight", "F16 (64, 32)", "(32, 64)", GgmlType.F16, 64, 32)]
    [InlineData("blk.0.attn_k.weight", "F16 (32, 64)", "(32, 32)", GgmlType.F16, 32, 64)]
    [InlineData("blk.0.ffn_down.weight", "Q8_0 (64, 32, 2)", "(64, 32)", GgmlType.Q8_0, 64, 32, 2)]
    [InlineData("blk.0.attn_norm.weight", "F32 (31)", "(32)", GgmlType.F32, 31)]
    [InlineData("output.weight", "F32 (32, 9)", "(32, 8)", GgmlType.F32, 32, 9)]
    [InlineData("rope_freqs.weight", "F32 (16)", "(8)", GgmlType.F32, 16)]
    [InlineData("token_embd.weight", "F32 (33, 8)", "(32, 8)", GgmlType.F32, 33, 8)]
    public void A_tensor_of_another_shape_shows_both(string tensor, string actual, string expected, GgmlType type, params int[] shape)
    {
        using var file = SmallModels.Decoder("llama").Tensor(tensor, type, [.. shape.Select(static extent => (long)extent)]).Read();

        Fails(file, tensor, actual, expected);
    }

    [Theory]
    [InlineData("blk.0.attn_norm.weight")]
    [InlineData("output_norm.weight")]
    public void A_norm_must_be_float32(string tensor)
    {
        using var file = SmallModels.Decoder("llama").Tensor(tensor, GgmlType.F16, [32]).Read();

        Fails(file, tensor, "F16", "must be F32");
    }

    [Fact]
    public void Rotary_factors_must_be_positive()
    {
        using var file = SmallModels.Decoder("llama").Tensor("rope_freqs.weight", GgmlType.F32, [8], 1, 1, 1, float.NaN).Read();

        Fails(file, "rope_freqs.weight", "value 3");
    }

    [Theory]
    [InlineData("llama", "blk.0.attn_q.bias")]
    [InlineData("qwen3", "blk.0.attn_sinks.weight")]
    [InlineData("llama", "blk.1.attn_norm.weight")]
    public void A_tensor_that_nobody_would_read_is_refused(string architecture, string tensor)
    {
        using var file = SmallModels.Decoder(architecture).Tensor(tensor, GgmlType.F32, [64]).Read();

        Fails(file, tensor, "no such tensor");
    }

    [Theory]
    [InlineData("llama.block_count", 0u, "0 is not within 1 to")]
    [InlineData("llama.block_count", 100000u, "100000 is not within")]
    [InlineData("llama.embedding_length", 0u, "0 is not within 1 to")]
    [InlineData("llama.embedding_length", uint.MaxValue, "4294967295 is not within")]
    [InlineData("llama.context_length", 0u, "0 is not within 1 to")]
    [InlineData("llama.context_length", 1u << 30, "1073741824 is not within 1 to 16777216; set it to what the model was made with, or use another file of it")]
    [InlineData("llama.context_length", -5, "-5 is not within 1 to")]
    [InlineData("llama.embedding_length", -32, "-32 is not within 1 to")]
    [InlineData("llama.feed_forward_length", 0u, "0 is not within 1 to")]
    [InlineData("llama.attention.head_count", 0u, "0 is not within 1 to")]
    [InlineData("llama.attention.head_count", -1, "-1 is not within 1 to")]
    [InlineData("llama.attention.head_count_kv", 3u, "4 heads are no multiple of 3")]
    [InlineData("llama.attention.head_count_kv", 0u, "0 is not within 1 to")]
    [InlineData("llama.attention.key_length", 15u, "must be even")]
    [InlineData("llama.attention.key_length", 1u << 20, "is not within 2 to")]
    [InlineData("llama.attention.value_length", 8u, "must be 16")]
    [InlineData("llama.rope.dimension_count", 7u, "7 is odd")]
    [InlineData("llama.rope.dimension_count", 18u, "18 is not within 2 to 16")]
    [InlineData("llama.attention.layer_norm_rms_epsilon", 0f, "0 is not within")]
    [InlineData("llama.attention.layer_norm_rms_epsilon", float.NaN, "NaN is not within")]
    [InlineData("llama.rope.freq_base", 0f, "0 is not within")]
    [InlineData("llama.rope.freq_base", float.PositiveInfinity, "is not within")]
    [InlineData("llama.rope.scaling.type", "longrope", "'longrope' is not supported")]
    [InlineData("llama.rope.scale_linear", 2f, "2 is not supported")]
    [InlineData("llama.attention.causal", false, "not causal")]
    [InlineData("llama.attention.scale", 0.5f, "0.5 is not supported")]
    [InlineData("llama.final_logit_softcapping", 30f, "30 is not supported")]
    [InlineData("llama.expert_count", 8u, "8 is not supported; it must be 0")]
    [InlineData("llama.vocab_size", 9u, "9 is not supported; it must be 8")]
    [InlineData("tokenizer.ggml.tokens", new[] { "a", "b" }, "2 tokens, but the embedding has 8 rows")]
    [InlineData("general.type", "adapter", "'adapter', not a model")]
    [InlineData("llama.embedding_length", "32", "of type String where an integer is needed")]
    public void A_number_that_no_right_model_has_is_refused(string key, object value, string says)
    {
        using var file = SmallModels.Decoder("llama").Set(key, value).Read();

        var fault = Fails(file, key, says);
        Assert.True(fault.Offset > 0);
    }

    [Theory]
    [InlineData("qwen3moe.expert_count", 0u, "0 is not within 1 to")]
    [InlineData("qwen3moe.expert_used_count", 4u, "4 is not within 1 to 3")]
    [InlineData("qwen3moe.expert_used_count", 0u, "0 is not within 1 to 3")]
    [InlineData("qwen3moe.expert_gating_func", 2u, "2 is not within 0 to 1")]
    [InlineData("qwen3moe.expert_shared_count", 1u, "must be 0")]
    [InlineData("qwen3moe.expert_weights_norm", false, "not rescaled")]
    [InlineData("qwen3moe.expert_weights_scale", 2.5f, "2.5 is not supported")]
    public void Experts_of_another_kind_are_refused(string key, object value, string says)
    {
        using var file = SmallModels.Decoder("qwen3moe").Set(key, value).Read();

        Fails(file, key, says);
    }

    [Theory]
    [InlineData("llama.rope.scaling.type", "none")]
    [InlineData("llama.rope.scaling.type", "linear")]
    [InlineData("llama.attention.causal", true)]
    [InlineData("llama.expert_count", 0u)]
    [InlineData("llama.vocab_size", 8u)]
    [InlineData("llama.rope.dimension_count", 16u)]
    [InlineData("general.type", "model")]
    public void A_number_that_changes_nothing_is_accepted(string key, object value)
    {
        using var file = SmallModels.Decoder("llama").Set(key, value).Read();

        Assert.NotNull(Architecture.Read(file));
    }

    [Fact]
    public void Linear_scaling_slows_all_pairs_down()
    {
        using var file = SmallModels.Decoder("llama").Set("llama.rope.scaling.type", "linear").Set("llama.rope.scaling.factor", 2f).Read();

        var frequencies = Architecture.Read(file).Operators.OfType<AttentionOperator>().Single().Rope!.Frequencies;
        Assert.Equal(Math.Pow(10000, -2.0 / 16) / 2, frequencies[1]);
    }

    [Fact]
    public void Yarn_keeps_what_turns_often_slows_the_rest_and_needs_its_factor()
    {
        using var without = SmallModels.Decoder("llama").Set("llama.rope.scaling.type", "yarn").Read();
        Fails(without, "llama.rope.scaling.factor", "no such key");

        using var file = SmallModels.Decoder("llama").Set("llama.rope.scaling.type", "yarn").Set("llama.rope.scaling.factor", 4f)
            .Set("llama.rope.scaling.original_context_length", 1024u).Read();
        var rope = Architecture.Read(file).Operators.OfType<AttentionOperator>().Single().Rope!;
        Assert.Equal((1, Math.Pow(10000, -14.0 / 16) / 4), (rope.Frequencies[0], rope.Frequencies[7]));
        Assert.Equal(1 + (0.1 * Math.Log(4)), rope.Magnitude, 1e-6);
    }

    [Fact]
    public void A_width_that_heads_do_not_divide_needs_a_head_size()
    {
        using var file = SmallModels.Decoder("llama").Remove("llama.attention.key_length").Set("llama.attention.head_count", 6u).Read();

        Fails(file, "llama.attention.head_count", "32 is no multiple of 6");
    }

    [Fact]
    public void The_real_model_is_read()
    {
        using var file = GgufFile.Open(TestFiles.Shared("smollm2-135m-instruct", "SmolLM2-135M-Instruct.Q4_1.gguf"));
        var graph = Architecture.Read(file);

        Assert.Equal(
            (30, 576, 9, 3, 64, 1536, 49152, 8192),
            (graph.Config.LayerCount, graph.Config.Width, graph.Config.HeadCount, graph.Config.KvHeadCount, graph.Config.HeadSize,
                graph.Config.FeedForwardWidth, graph.Config.VocabularySize, graph.Config.ContextLength));
    }

    private static InvalidModelException Fails(GgufFile file, string field, params string[] says)
    {
        var fault = Assert.Throws<InvalidModelException>(() => Architecture.Read(file));
        Assert.Equal((file.Path, field), (fault.Path, fault.Field));
        Assert.All(says, text => Assert.Contains(text, fault.Message));
        return fault;
    }
}
