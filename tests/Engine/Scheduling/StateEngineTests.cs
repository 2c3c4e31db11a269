using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Scheduling;
using static Crescent.Tests.Engine.Scheduling.EngineHarness;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>The engine on models whose layers keep a state: beginnings are found again where a state was kept, and nothing of that changes a token.</summary>
public sealed class StateEngineTests
{
    private const int MaxContext = 16384;

    [Theory]
    [InlineData("qwen35")]
    [InlineData("lfm2")]
    [InlineData("granitehybrid")]
    public void A_talk_of_twenty_turns_computes_little_more_than_what_is_new(string name)
    {
        const int Turns = 20, Question = 340, Answer = 60;
        using var model = Open(name);
        var device = model.Device();
        var sink = new RecordingSink();
        using var engine = model.Engine(device, sink);
        var random = new Random(7);
        var talk = new List<int>();
        var appended = 0;
        for (var turn = 0; turn < Turns; turn++)
        {
            var question = Enumerable.Range(0, Question).Select(_ => random.Next(1000)).ToArray();
            talk.AddRange(question);
            appended += Question + Answer - 1;
            engine.Submit(Greedy(turn, [.. talk], Answer));
            Run(engine);
            engine.CheckIntegrity();
            talk.AddRange(sink[turn].Tokens);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: {device.TokensComputed} tokens computed for {appended} that are new, {talk.Count} in the end");
        Assert.InRange(device.TokensComputed, appended, 1.1 * appended);

        // The last answer is what the whole talk gives when nothing is cached.
        Assert.Equal(Alone(model, Greedy(0, [.. talk[..^Answer]], Answer)), sink[Turns - 1].Tokens);
    }

    [Fact]
    public void A_talk_whose_thinking_is_left_out_goes_on_from_the_end_of_the_prompt()
    {
        using var model = Open("qwen35");
        var device = model.Device();
        var sink = new RecordingSink();
        using var engine = model.Engine(device, sink);
        var prompt = Tokens(1, 400);
        engine.Submit(Greedy(1, prompt, 80));
        Run(engine);

        // Of the answer only the end is kept by the client.
        int[] next = [.. prompt, .. sink[1].Tokens.Skip(50), .. Tokens(2, 30)];
        engine.Submit(Greedy(2, next, 10));
        Run(engine);
        Assert.Equal(384, sink[2].Usage!.CachedTokens);
        Assert.Equal(Alone(model, Greedy(2, next, 10)), sink[2].Tokens);
    }

    [Fact]
    public void The_third_with_the_same_beginning_finds_it()
    {
        using var model = Open("qwen35");
        var sink = new RecordingSink();
        using var engine = model.Engine(model.Device(), sink);
        var system = Tokens(1, 320);
        for (var id = 1; id <= 3; id++)
        {
            engine.Submit(Greedy(id, [.. system, .. Tokens(10 + id, 100)], 4));
            Run(engine);
        }

        Assert.Equal([0, 0, 320], new[] { 1, 2, 3 }.Select(id => sink[id].Usage!.CachedTokens));
    }

    [Theory]
    [InlineData("qwen35moe", 200, 64)]
    [InlineData("qwen3next", 40, 6)]
    [InlineData("lfm2moe", 40, 6)]
    public void What_runs_beside_a_sequence_preempts_it_or_begins_like_it_changes_no_token(string name, int blocks, int states)
    {
        using var model = Open(name, states);
        var requests = Enumerable.Range(0, 10).Select(id => Greedy(id, [.. Tokens(1, 40 * (id % 3)), .. Tokens(20 + id, 30 + id)], 40)).ToArray();
        var sink = new RecordingSink();
        using var engine = model.Engine(model.Device(blocks), sink, new EngineOptions { MaxStepTokens = 48 });
        foreach (var request in requests)
        {
            engine.Submit(request);
            engine.Step();
        }

        Run(engine);
        engine.CheckIntegrity();
        Assert.Equal(blocks < 100, engine.Preemptions > 0);
        Assert.All(requests, request => Assert.Equal(Alone(model, request), sink[request.Id].Tokens));
    }

    private static RealModel Open(string name, int states = 64) => new(
        TestFiles.Shared("arch", $"{name}.gguf"),
        model => new CpuDevice(
            model.Graph with { Config = model.Graph.Config with { ContextLength = MaxContext } },
            new CpuDeviceOptions { Threads = 1, KvBlocks = 1200, StateSlots = states, KvType = KvType.F32 }));

    private static int[] Tokens(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(1000))];
    }

    private static InferenceRequest Greedy(long id, int[] prompt, int maxTokens) =>
        new() { Id = id, Prompt = prompt, MaxTokens = maxTokens, IgnoreEndOfGeneration = true };

    private static List<int> Alone(RealModel model, InferenceRequest request)
    {
        var sink = new RecordingSink();
        using var engine = model.Engine(model.Device(), sink, new EngineOptions { PrefixCache = false });
        engine.Submit(request);
        Run(engine);
        return sink[request.Id].Tokens;
    }
}
