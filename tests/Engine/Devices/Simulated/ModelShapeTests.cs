using Crescent.Engine.Devices.Simulated;

namespace Crescent.Tests.Engine.Devices.Simulated;

public sealed class ModelShapeTests
{
    // Weights in all and per token as their makers give them, billions.
    [Theory]
    [InlineData("llama-3.1-8b", 8.03, 8.03)]
    [InlineData("llama-3-70b-fp8", 70.6, 70.6)]
    [InlineData("llama-3.1-405b", 405.9, 405.9)]
    [InlineData("llama-4-scout", 109, 17)]
    [InlineData("llama-4-maverick", 400, 17)]
    [InlineData("qwen3-30b-a3b", 30.5, 3.3)]
    [InlineData("qwen3-235b-a22b", 235, 22)]
    [InlineData("qwen3-32b", 32.8, 32.8)]
    [InlineData("gpt-oss-120b", 117, 5.1)]
    [InlineData("gpt-oss-20b", 20.9, 3.6)]
    [InlineData("deepseek-r1", 671, 37)]
    public void A_shape_counts_the_weights_its_maker_gives(string name, double billions, double active)
    {
        var shape = SimulatedModels.Find(name);
        Assert.InRange(shape.TotalWeights / 1e9 / billions, 0.98, 1.02);

        // Makers differ in whether embedding and head count as active.
        Assert.InRange(active, shape.ActiveWeights / 1e9 * 0.97, (shape.ActiveWeights + (2 * shape.HeadWeights)) / 1e9 * 1.03);
    }

    [Fact]
    public void A_cached_position_of_the_70b_model_takes_163840_bytes() =>
        Assert.Equal(163_840, SimulatedModels.Find("llama-3-70b-fp8").KvBytesPerToken(8));

    [Fact]
    public void Gpus_beyond_the_number_of_key_heads_hold_copies()
    {
        var shape = SimulatedModels.Find("qwen3-235b-a22b");
        Assert.Equal(2 * shape.KvBytesPerToken(4), shape.KvBytesPerToken(8));
    }

    [Fact]
    public void Gpus_with_sequences_of_their_own_hold_nothing_twice_but_what_is_no_expert()
    {
        var latent = SimulatedModels.Find("deepseek-r1-fp8");
        Assert.Equal(61 * 576, latent.KvBytesPerToken(8, dataParallel: true));
        Assert.Equal(8 * 61 * 576, latent.KvBytesPerToken(8));
        var experts = latent.MixtureLayers * latent.Experts * latent.ExpertWeights;
        var others = latent.WeightBytes(latent.Precision) - experts;
        Assert.Equal(experts + (4 * others), latent.WeightBytes(latent.Precision, 4), 1e-3 * experts);
    }

    [Fact]
    public void A_window_is_kept_once_for_each_sequence()
    {
        var shape = SimulatedModels.Find("gpt-oss-20b");
        double layer = 2 * 8 * 64;
        Assert.Equal(layer * (12 + (12 * 128.0 / 2048)), shape.KvBytesPerToken(1, positions: 2048), 6);
        Assert.Equal(layer * 24, shape.KvBytesPerToken(1, positions: 100), 6);

        // 20 KB for each position of the layers that see all of them.
        Assert.Equal(20_480, SimulatedModels.Find("qwen3.6-35b-a3b").KvBytesPerToken(1, positions: 1_000_000_000), 1.0);
    }

    [Fact]
    public void A_state_is_kept_once_for_each_sequence()
    {
        var shape = SimulatedModels.Find("qwen3.6-35b-a3b");

        // As llama.cpp's checkpoints of it: 63 MiB and up.
        Assert.InRange(shape.SequenceStateBytes / (1 << 20), 62, 64);
        Assert.Equal(20_480 + (shape.SequenceStateBytes / 8192), shape.KvBytesPerToken(1), 6);
    }

    [Fact]
    public void Experts_may_be_stored_in_another_type_than_the_rest()
    {
        // As published: 12.8 GiB of gpt-oss-20b, most of it experts.
        Assert.InRange(SimulatedModels.Find("gpt-oss-20b-fp8").WeightBytes(WeightPrecision.FP8) / 1e9, 12.8, 14.6);
    }

    [Theory]
    [InlineData("llama-3-70b-fp8", WeightPrecision.FP8, 72.65)]
    [InlineData("LLAMA-3.3-70B-BF16", WeightPrecision.BF16, 141.1)]
    [InlineData("sim:llama-3.3-70b-fp4", WeightPrecision.FP4, 42.7)]
    [InlineData("nvidia/Llama-3.3-70B-Instruct-FP4", WeightPrecision.FP4, 42.7)]
    public void The_end_of_a_name_says_how_weights_are_stored(string name, WeightPrecision precision, double gigabytes)
    {
        var shape = SimulatedModels.Find(name);
        Assert.Equal(precision, shape.Precision);
        Assert.Equal(gigabytes, shape.WeightBytes(precision) / 1e9, 0.1);
    }

    [Fact]
    public void An_unknown_model_is_refused_with_the_known_ones() =>
        Assert.Contains("llama-4-maverick", Assert.Throws<FormatException>(() => SimulatedModels.Find("gpt-9")).Message, StringComparison.Ordinal);
}
