using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Tests.Engine.Devices.Cpu;

public sealed class CpuDeviceTests
{
    private const int PromptLength = 140; // more than one chunk of attention, and no whole number of blocks

    [Theory]
    [InlineData(InstructionSet.Avx512Vnni)]
    [InlineData(InstructionSet.Avx512)]
    [InlineData(InstructionSet.Avx2Vnni)]
    [InlineData(InstructionSet.Avx2)]
    [InlineData(InstructionSet.Vector128Dot)]
    [InlineData(InstructionSet.Vector128)]
    public void Logits_have_the_same_bits_in_every_batch(InstructionSet instructions)
        => CheckBits(TestFiles.TinyModel, instructions, KvType.F16);

    [Theory]
    [InlineData("arch", "qwen3moe")]
    [InlineData("arch", "qwen2")]
    [InlineData("arch", "llama-bpe-rope-factors")]
    [InlineData("arch", "qwen3-F16")]
    [InlineData("arch", "qwen3-BF16")]
    [InlineData("tiny/formats", "Q4_0")]
    [InlineData("tiny/formats", "Q4_1")]
    [InlineData("tiny/formats", "Q4_K_M")]
    public void Logits_of_every_kind_of_model_have_the_same_bits_in_every_batch(string folder, string name)
        => CheckBits(TestFiles.Shared([.. folder.Split('/'), $"{name}.gguf"]), InstructionSet.Auto, KvType.F32);

    [Fact]
    public void A_step_allocates_nothing()
    {
        using var file = GgufFile.Open(TestFiles.TinyModel);
        using var device = new CpuDevice(Architecture.Read(file), new CpuDeviceOptions { Threads = 2, KvBlocks = 64 });
        var plan = new StepPlan(KvBlockSize.Of(device.Info));
        long Step(int position)
        {
            plan.Clear();
            plan.Add(Tokens(20, 1), position, [0, 1, 2, 3, 4, 5, 6, 7], LogitsWanted.Last);
            plan.Add(Tokens(1, 2), position, [10, 11, 12, 13, 14, 15, 16, 17], LogitsWanted.All);
            var before = GC.GetAllocatedBytesForCurrentThread();
            device.Execute(plan);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        // What the runtime sets up once, when a thread first waits, is no step's doing; what a step allocates, each of them does.
        var allocated = Enumerable.Range(0, 20).Select(i => Step(20 * (i % 5))).ToList();
        Assert.Equal(0, allocated.Min());
    }

    [Fact]
    public void Logits_of_all_tokens_are_those_of_each_token_as_the_last()
    {
        using var file = GgufFile.Open(TestFiles.TinyModel);
        using var device = new CpuDevice(Architecture.Read(file), new CpuDeviceOptions { Threads = 2, KvBlocks = 64 });
        var tokens = Tokens(9, 5);
        var plan = new StepPlan(KvBlockSize.Of(device.Info));
        new DeviceSequence(device, 16).AddTo(plan, tokens.AsSpan(0, 4), LogitsWanted.None);
        var first = new DeviceSequence(device, 16, firstBlock: 1).AddTo(plan, tokens, LogitsWanted.All);
        var rows = device.Execute(plan);
        Assert.Equal(0, first);
        var all = Enumerable.Range(0, tokens.Length).Select(_ => Array.Empty<float>()).ToArray();
        for (var i = 0; i < all.Length; i++)
            all[i] = rows.Logits(i).ToArray();
        var alone = new DeviceSequence(device, 16, firstBlock: 2);
        for (var i = 0; i < tokens.Length; i++)
            Assert.Equal(alone.Append(tokens[i]), all[i]);
    }

    [Fact]
    public void A_plan_beyond_the_limits_is_refused_by_name()
    {
        using var file = GgufFile.Open(TestFiles.TinyModel);
        using var device = new CpuDevice(
            Architecture.Read(file),
            new CpuDeviceOptions { Threads = 1, KvBlocks = 4, MaxStepTokens = 8, MaxLogitRows = 2, MaxContext = 40 });
        Refuses("9 tokens", plan => plan.Add(Tokens(9, 1), 0, [0], LogitsWanted.Last));
        Refuses("3 rows", plan => plan.Add(Tokens(3, 1), 0, [0], LogitsWanted.All));
        Refuses("Token 2048", plan => plan.Add([2048], 0, [0], LogitsWanted.Last));
        Refuses("Block 4", plan => plan.Add([1], 0, [4], LogitsWanted.Last));
        Refuses("Block -1", plan => plan.Add([1], 0, [-1], LogitsWanted.Last));
        Refuses("position 41", plan => plan.Add([1], 40, [0, 1, 2], LogitsWanted.Last));

        var other = Assert.Throws<ArgumentException>(() => { device.Execute(new StepPlan(new KvBlockSize(64))); });
        Assert.Contains("blocks of 64 positions", other.Message, StringComparison.Ordinal);

        void Refuses(string what, Action<StepPlan> fill)
        {
            var plan = new StepPlan(KvBlockSize.Of(device.Info));
            fill(plan);
            Assert.Contains(what, Assert.Throws<ArgumentException>(() => { device.Execute(plan); }).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void An_option_out_of_range_is_refused_by_name()
    {
        using var file = GgufFile.Open(TestFiles.TinyModel);
        var graph = Architecture.Read(file);
        Assert.Equal("Threads", Assert.Throws<ArgumentOutOfRangeException>(() => new CpuDevice(graph, new() { Threads = -1 })).ParamName);
        Assert.Equal(
            "MaxStepTokens", Assert.Throws<ArgumentOutOfRangeException>(() => new CpuDevice(graph, new() { MaxStepTokens = 0 })).ParamName);
    }

    [Fact]
    public void What_a_device_says_of_itself_follows_from_model_and_options()
    {
        using var file = GgufFile.Open(TestFiles.TinyModel);
        var graph = Architecture.Read(file);
        using var device = new CpuDevice(graph, new CpuDeviceOptions { Name = "cpu:1", Threads = 1, MaxContext = 300 });
        Assert.Equal("cpu:1", device.Info.Name);
        Assert.False(device.Info.Simulated);
        Assert.Equal(300, device.Info.MaxContext);
        Assert.Equal(64 * 19, device.Info.BlockCount); // 64 sequences of 300 positions
        Assert.Equal(2L * graph.Config.LayerCount * graph.Config.KvWidth * 16 * 2, device.Info.BlockBytes);
    }

    private static void CheckBits(string path, InstructionSet instructions, KvType kv)
    {
        InstructionSets.Require(instructions);
        using var file = GgufFile.Open(path);
        var graph = Architecture.Read(file);
        var prompt = Tokens(PromptLength, 1, graph.Config.VocabularySize);
        int[] next = [7, 11, 13];
        CpuDevice Open(int threads) => new(
            graph,
            new CpuDeviceOptions { Threads = threads, InstructionSet = instructions, KvType = kv, KvBlocks = 64, MaxContext = 160 });

        float[][] expected;
        using (var device = Open(threads: 1))
        {
            var sequence = new DeviceSequence(device, 160);
            expected = [sequence.Append(prompt), .. next.Select(token => sequence.Append(token))];
        }

        using var team = Open(threads: 3);
        var chunked = new DeviceSequence(team, 160, firstBlock: 60, blockStep: -3);
        Same(chunked.AppendChunked(prompt, 23), 0, "in chunks, by three threads, on scattered blocks");
        var other = new DeviceSequence(team, 160, firstBlock: 1, blockStep: 3);
        var third = new DeviceSequence(team, 160, firstBlock: 2, blockStep: 3);
        var plan = new StepPlan(KvBlockSize.Of(team.Info));
        for (var i = 0; i < next.Length; i++)
        {
            plan.Clear();
            other.AddTo(plan, Tokens(37, i + 5, graph.Config.VocabularySize), LogitsWanted.Last);
            var row = chunked.AddTo(plan, next.AsSpan(i, 1), LogitsWanted.Last);
            third.AddTo(plan, Tokens(2, i + 50, graph.Config.VocabularySize), LogitsWanted.None);
            Same(team.Execute(plan).Logits(row).ToArray(), i + 1, "in a batch with others");
        }

        chunked.Truncate(PromptLength);
        for (var i = 0; i < next.Length; i++)
            Same(chunked.Append(next[i]), i + 1, "alone, chunks shared out");

        void Same(float[] logits, int step, string how)
        {
            var differing = Enumerable.Range(0, logits.Length).Where(i => !logits[i].Equals(expected[step][i])).ToArray();
            Assert.True(differing.Length == 0, $"step {step} {how}: {differing.Length} logits differ");
        }
    }

    private static int[] Tokens(int count, int seed, int vocabulary = 2048)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(vocabulary))];
    }
}
