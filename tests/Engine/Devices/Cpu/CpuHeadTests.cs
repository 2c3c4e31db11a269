using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;
using Crescent.Tests.Engine.Model;

namespace Crescent.Tests.Engine.Devices.Cpu;

/// <summary>Heads for multi-token prediction on the CPU device, against exact arithmetic, and as files have them.</summary>
public sealed class CpuHeadTests
{
    private const int Tokens = 40;

    [Theory]
    [InlineData("glm4moe")]
    [InlineData("qwen35")]
    [InlineData("qwen35moe")]
    [InlineData("qwen3next")]
    [InlineData("deepseek2")]
    public void A_head_gives_what_exact_arithmetic_gives_in_chunks_and_token_by_token(string name)
    {
        using var file = Open(name);
        var graph = Architecture.Read(file);
        var head = graph.Head!;
        var random = new Random(5);
        int[] text = [.. Enumerable.Range(0, Tokens + 1).Select(_ => random.Next(graph.Config.VocabularySize))];
        var states = new ReferenceDecoder(graph).HiddenStates(text.AsSpan(0, Tokens));
        var exact = new ReferenceDecoder(head);
        var (logprobs, hidden) = (exact.LogProbabilities(text.AsSpan(1), 0, states), exact.HiddenStates(text.AsSpan(1), states));
        using var model = new CpuDevice(graph, new CpuDeviceOptions { Threads = 2, KvBlocks = 8, KvType = KvType.F32 });
        using var device = new CpuDevice(head, new CpuDeviceOptions { KvBlocks = 8, KvType = KvType.F32 }, model);
        Assert.Equal((graph.Config.Width, graph.Config.Width, 0), (device.Info.InputSize, device.Info.HiddenSize, model.Info.InputSize));
        var plan = new StepPlan(KvBlockSize.Of(device.Info));
        var position = 0;
        foreach (var count in (int[])[17, 1, 1, 3, 18])
        {
            plan.Clear();
            plan.Add(text.AsSpan(position + 1, count), position, [2, 0, 1], LogitsWanted.All, hiddenStates: true);
            for (var i = 0; i < count; i++)
                plan.AddInput(states[position + i]);
            var result = device.Execute(plan);
            for (var i = 0; i < count; i++, position++)
            {
                var logits = result.Logits(i);
                var sum = Math.Log(logits.ToArray().Sum(static y => Math.Exp(y)));
                for (var token = 0; token < logits.Length; token++)
                    Assert.Equal(logprobs[position][token], logits[token] - sum, 2e-3);
                for (var j = 0; j < graph.Config.Width; j++)
                    Assert.Equal(hidden[position][j], result.HiddenState(i)[j], 2e-3);
            }
        }

        Assert.Equal(Tokens, position);
    }

    [Fact]
    public void Tokens_without_their_hidden_states_are_refused()
    {
        using var file = Open("glm4moe");
        using var device = new CpuDevice(Architecture.Read(file).Head!, new CpuDeviceOptions { Threads = 1, KvBlocks = 4 });
        var plan = new StepPlan(KvBlockSize.Of(device.Info));
        plan.Add([1, 2], 0, [0], LogitsWanted.Last);
        plan.AddInput(new float[device.Info.InputSize]);
        Assert.Contains("hidden states", Assert.Throws<ArgumentException>(() => device.Execute(plan)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_head_takes_embedding_norm_and_output_of_its_own_where_it_has_them_and_else_the_models()
    {
        var model = HeadModels.WithHead(TestFiles.Shared("arch", "qwen35.gguf"), blocks: 3);
        using var plain = model.Read();
        var graph = Architecture.Read(plain);
        Assert.Equal(4, graph.Layers.Count);
        Assert.Single(graph.Head!.Layers);
        Assert.Same(graph.TokenEmbedding, graph.Head.TokenEmbedding);
        Assert.Same(graph.Output, graph.Head.Output);
        Assert.Equal("blk.4.nextn.shared_head_norm.weight", graph.Head.OutputNorm.Name);

        // Embedding and output are counted once.
        Assert.Equal(graph.Head.Operators.SelectMany(static step => step.Matrices).Sum(static matrix => matrix.ByteLength) + (2 * 64 * 64 * 4), CpuDevice.WeightBytesOf(graph.Head, graph));
        Assert.Equal(CpuDevice.WeightBytesOf(graph.Head, graph) + (64 * 2048 * 4), CpuDevice.WeightBytesOf(graph.Head));
        model.Remove("blk.4.nextn.shared_head_norm.weight")
            .Tensor("blk.4.nextn.embed_tokens.weight", GgmlType.F32, [64, 2048])
            .Tensor("blk.4.nextn.shared_head_head.weight", GgmlType.F32, [64, 2048]);
        using var own = model.Read();
        var other = Architecture.Read(own);
        Assert.Same(other.OutputNorm, other.Head!.OutputNorm);
        Assert.Equal(("blk.4.nextn.embed_tokens.weight", "blk.4.nextn.shared_head_head.weight"), (other.Head.TokenEmbedding.Name, other.Head.Output.Name));
    }

    [Fact]
    public void A_file_that_names_a_head_and_has_none_is_read_without()
    {
        var model = HeadModels.WithHead(TestFiles.Shared("arch", "qwen35.gguf"));
        using (var whole = model.Read())
        {
            foreach (var name in whole.Tensors.Keys.Where(static name => name.StartsWith("blk.4.", StringComparison.Ordinal)))
            {
                model.Remove(name);
            }
        }

        using var file = model.Read();
        Assert.Null(Architecture.Read(file).Head);
    }

    [Theory]
    [InlineData("blk.4.nextn.enorm.weight", null)]
    [InlineData("blk.4.nextn.hnorm.weight", 32L)]
    [InlineData("blk.4.attn_k.weight", null)]
    [InlineData("blk.4.nextn.unheard_of.weight", 64L)]
    public void A_head_with_a_tensor_that_is_missing_wrong_or_unknown_is_none_and_the_tensor_named(string name, long? extent)
    {
        var model = HeadModels.WithHead(TestFiles.Shared("arch", "qwen35.gguf")).Remove(name);
        if (extent is { } values)
        {
            model.Tensor(name, GgmlType.F32, [values]);
        }

        using var file = model.Read();
        var graph = Architecture.Read(file);
        Assert.Null(graph.Head);
        Assert.Contains(name, graph.HeadFault!, StringComparison.Ordinal);
    }

    // glm4moe has one.
    private static GgufFile Open(string name)
    {
        var path = TestFiles.Shared("arch", $"{name}.gguf");
        return name == "glm4moe" ? GgufFile.Open(path) : HeadModels.WithHead(path).Read();
    }
}
