using Crescent.Engine.Scheduling;
using Crescent.Tests.Engine.Scheduling;
using CsCheck;
using static Crescent.Tests.Engine.Scheduling.EngineHarness;

namespace Crescent.Tests.Engine.Kv;

public sealed class HostBlockTierTests
{
    private readonly RecordingSink _sink = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_evicted_prefix_comes_back_by_copy(bool inFile)
    {
        var path = inFile ? Path.GetTempFileName() : null;
        var device = new HistoryDevice(blocks: 12);
        using (var engine = EngineOver(device, _sink, new EngineOptions { HostBlocks = 40, HostPath = path }))
        {
            for (var id = 1; id <= 4; id++)
            {
                engine.Submit(Request(id, 100, 4));
                Run(engine);
            }

            var before = device.TokensComputed;
            engine.Submit(Request(1, 100, 4) with { Id = 11 });
            Run(engine);
            Assert.Equal(_sink[1].Tokens, _sink[11].Tokens);
            Assert.Equal(96, _sink[11].Usage!.CachedTokens);
            Assert.Equal(96, engine.Counters.HostHitTokens);
            Assert.Equal(7, device.TokensComputed - before);
        }

        Assert.False(path is not null && File.Exists(path));
    }

    [Fact]
    public void A_bounded_tier_drops_what_was_used_least_recently()
    {
        using var engine = EngineOver(new HistoryDevice(blocks: 8), _sink, new EngineOptions { HostBlocks = 8 });
        for (var id = 1; id <= 6; id++)
        {
            engine.Submit(Request(id, 100, 4));
            Run(engine);
        }

        engine.Submit(Request(1, 100, 4) with { Id = 11 });
        Run(engine);
        Assert.Equal(0, _sink[11].Usage!.CachedTokens);
        Assert.Equal(_sink[1].Tokens, _sink[11].Tokens);
    }

    [Fact]
    public void Any_workload_over_a_small_tier_keeps_every_token() =>
        Gen.Select(Gen.Int[8, 20], Gen.Int[1, 30], Gen.Select(Gen.Int[0, 4], Gen.Int[1, 100]).Array[3, 30]).Sample(
            (blocks, hostBlocks, requests) =>
            {
                var sink = new RecordingSink();
                using var engine = EngineOver(new HistoryDevice(blocks), sink, new EngineOptions { HostBlocks = hostBlocks, MaxStepTokens = 48 });
                for (var id = 0; id < requests.Length; id++)
                {
                    engine.Submit(new InferenceRequest { Id = id, Prompt = Prompt(requests[id].Item1, requests[id].Item2), MaxTokens = 20 });
                    if (id % 3 == 2)
                    {
                        Run(engine);
                    }
                }

                Run(engine);
                for (var id = 0; id < requests.Length; id++)
                {
                    Assert.Equal(Expected(requests[id].Item1, requests[id].Item2, 20), sink[id].Tokens);
                }
            },
            iter: 300);
}
