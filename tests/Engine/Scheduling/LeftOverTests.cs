using System.Runtime.CompilerServices;
using Crescent.Engine.Power;
using Crescent.Engine.Sampling;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Engine.Scheduling;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>What has ended is gone.</summary>
public sealed class LeftOverTests
{
    private static readonly OutputStructure Structure = new(GrammarSource.Regex("[a-z]{2}"));

    [Theory]
    [InlineData("plain")]
    [InlineData("guesses")]
    [InlineData("followers")]
    [InlineData("structures")]
    [InlineData("cancelled")]
    public async Task Thousands_of_requests_with_long_deadlines_leave_nothing_behind(string kind)
    {
        // Compiled beforehand, so that no step has to wait for another thread.
        var grammars = new GrammarCache(new LetterTokenizer());
        using var compiled = await grammars.UseAsync(Structure.Source, TestContext.Current.CancellationToken);
        using var device = new HistoryDevice(blocks: 256);
        using var engine = new InferenceEngine(device, new LetterTokenizer(), "test", new EndCounter(), new CpuPowerModel(1), grammars: grammars);

        // It lives the whole time, and its deadline is the first to come.
        engine.Submit(EngineHarness.Request(1_000_000, 5, 4000) with { Deadline = TimeSpan.FromMinutes(30) });
        var requests = Serve(engine, kind, count: 3000);
        Assert.Equal(3, engine.LeftOver);
        engine.Cancel(1_000_000);
        EngineHarness.Run(engine);
        Assert.Equal(0, engine.LeftOver);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        // A few may still stand in arrays that are used again; an engine that kept them would have all.
        Assert.InRange(requests.Count(static request => request.TryGetTarget(out _)), 0, 64);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static List<WeakReference<InferenceRequest>> Serve(InferenceEngine engine, string kind, int count)
    {
        var requests = new List<WeakReference<InferenceRequest>>();
        for (var id = 0; id < count; id++)
        {
            var request = EngineHarness.Request(kind == "followers" ? id / 20 : id, 36, 3) with { Id = id, Deadline = TimeSpan.FromHours(1) };
            request = kind switch
            {
                "guesses" => request with { SpeculativeTokens = 4 },
                "structures" => request with { Sampling = SamplingParameters.Greedy with { Structure = Structure } },
                _ => request,
            };
            requests.Add(new WeakReference<InferenceRequest>(request));
            engine.Submit(request);
            if (kind == "cancelled" && id % 2 == 1)
            {
                engine.Cancel(id - 1);
            }

            if (id % 40 == 39)
            {
                for (var steps = 0; engine.State is not { Running: 1, Waiting: 0 } || engine.LeftOver > 3; steps++)
                {
                    Assert.True(steps < 1000, $"{engine.LeftOver} things are left over");
                    engine.Step();
                }
            }
        }

        return requests;
    }

    private sealed class EndCounter : IEngineSink
    {
        public void OnStep(ReadOnlySpan<SequenceOutput> outputs)
        {
        }
    }
}
