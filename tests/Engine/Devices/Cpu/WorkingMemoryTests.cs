using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;
using Crescent.Tests.Engine.Model;

namespace Crescent.Tests.Engine.Devices.Cpu;

/// <summary>Sizes that the memory has no room for are refused by name before anything is allocated.</summary>
public sealed class WorkingMemoryTests
{
    [Theory]
    [InlineData("llama.embedding_length", 1 << 20, "lower the tokens of a step (512)")]
    [InlineData("llama.feed_forward_length", 1 << 24, "lower the tokens of a step (512)")]
    [InlineData("tokenizer.ggml.tokens", 1 << 30, "lower the sequences of a step (64)")]
    [InlineData("llama.block_count", 1 << 30, "use a file of the model with narrower weights")]
    public void A_size_that_cannot_be_had_is_named_with_what_to_do(string key, int value, string remedy)
    {
        using var file = SmallModels.Decoder("llama").Read();
        var graph = Architecture.Read(file);
        graph = graph with
        {
            Config = key switch
            {
                "llama.embedding_length" => graph.Config with { Width = value },
                "llama.feed_forward_length" => graph.Config with { FeedForwardWidth = value },
                "llama.block_count" => graph.Config with { LayerCount = value },
                _ => graph.Config with { VocabularySize = value },
            },
        };
        var fault = Assert.Throws<InvalidModelException>(() => WorkingMemory.Check(graph, new CpuDeviceOptions(), 1L << 32));
        Assert.Equal(key, fault.Field);
        Assert.Contains($"{value} takes", fault.Message, StringComparison.Ordinal);
        Assert.Contains("4.3 GB are available", fault.Message, StringComparison.Ordinal);
        Assert.Contains(remedy, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Blocks_that_were_asked_for_are_named_too()
    {
        using var file = SmallModels.Decoder("llama").Read();
        var graph = Architecture.Read(file);
        var fault = Assert.Throws<InvalidModelException>(() => WorkingMemory.Check(graph, new CpuDeviceOptions { KvBlocks = int.MaxValue }, 1L << 32));
        Assert.Contains("lower the KV blocks of the device (2147483647)", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_context_that_is_longer_than_all_blocks_takes_no_more_than_they_do()
    {
        // What is kept for each of so many positions could be had nowhere.
        using var file = SmallModels.Decoder("llama").Read();
        var graph = Architecture.Read(file);
        graph = graph with { Config = graph.Config with { ContextLength = int.MaxValue } };
        using var device = new CpuDevice(graph, new CpuDeviceOptions { Threads = 2, KvBlocks = 8 });
        Assert.Equal((8, int.MaxValue), (device.Info.BlockCount, device.Info.MaxContext));
    }
}
