using Crescent.Engine.Scheduling;
using static Crescent.Tests.Engine.Scheduling.EngineHarness;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>What of a program is found again after its pause, when others have used the blocks in between.</summary>
public sealed class ProgramKeeperTests
{
    private const int Blocks = 64;
    private static readonly EngineOptions Options = new() { MaxStepTokens = 512, ItlSeconds = double.PositiveInfinity, Watermark = 0 };

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void What_a_program_has_left_outlasts_what_others_have(bool keeps, bool found)
    {
        var harness = new SchedulerHarness(Options with { KeepsPrograms = keeps }, Blocks);
        Turn(harness, 1, "talk");
        Fill(harness, 40);
        Assert.Equal(found, Again(harness, "talk") > 0);
    }

    [Fact]
    public void What_a_programs_last_call_has_left_does_not()
    {
        var harness = new SchedulerHarness(Options, Blocks);
        Turn(harness, 1, "talk", final: true);
        Fill(harness, 40);
        Assert.Equal(0, Again(harness, "talk"));
    }

    [Fact]
    public void Nothing_is_kept_for_a_program_that_is_not_expected_any_more()
    {
        var harness = new SchedulerHarness(Options, Blocks);
        Turn(harness, 1, "talk");
        harness.Time.Advance(TimeSpan.FromHours(3));
        Fill(harness, 40);
        Assert.Equal(0, Again(harness, "talk"));
    }

    [Fact]
    public void What_is_kept_keeps_nobody_out()
    {
        var harness = new SchedulerHarness(Options with { HeldFrom = null }, Blocks);
        for (var id = 1; id <= 3; id++)
        {
            Turn(harness, id, $"talk-{id}");
        }

        // All of the device's blocks but one.
        harness.Submit(Request(100, (Blocks - 2) * 16, 4) with { CacheSalt = "large" }, 4);
        harness.StepUntil(() => !harness.Live.Any());
        Assert.Contains(harness.Ended, static sequence => sequence.Request.Id == 100);
    }

    [Fact]
    public void What_a_waiting_call_needs_is_taken_last()
    {
        var harness = new SchedulerHarness(Options with { MaxRunning = 1 }, Blocks);
        Turn(harness, 1, "talk");
        Turn(harness, 2, "other");
        harness.Submit(Request(50, 16, 4) with { CacheSalt = "running" }, 4);
        harness.Step();
        var waiting = harness.Submit(Call(3, "talk"), 4);
        harness.Submit(Request(51, 48 * 16, 4) with { CacheSalt = "large", Priority = RequestPriority.Interactive }, 4);
        harness.StepUntil(() => !harness.Live.Any());
        Assert.True(waiting.CachedTokens > 0);
    }

    [Fact]
    public void No_more_programs_are_remembered_than_the_bound()
    {
        var time = new ManualTime();
        var kv = new Crescent.Engine.Kv.KvCache(8, new(16));
        var keeper = new ProgramKeeper(kv, time, new SchedulerCounters(new(16)));
        for (var id = 0; id < ProgramKeeper.MaxPrograms + 100; id++)
        {
            var sequence = new Sequence(Request(id, 4, 4) with { Program = $"{id}" }, new LetterTokenizer(), new(16), null, 1);
            keeper.Come(sequence);
            keeper.Leave(sequence);
            time.Advance(TimeSpan.FromSeconds(1));
            keeper.Look();
        }

        Assert.Equal(ProgramKeeper.MaxPrograms, keeper.Count);
    }

    private static InferenceRequest Call(int id, string program) => Request(1, 160, 4) with { Id = id, Program = program, CacheSalt = program };

    private static void Turn(SchedulerHarness harness, int id, string program, bool final = false)
    {
        harness.Submit(Call(id, program) with { EndsProgram = final }, 4);
        harness.StepUntil(() => !harness.Live.Any());
    }

    /// <summary>Tokens of the program's next call that are found.</summary>
    private static int Again(SchedulerHarness harness, string program)
    {
        var sequence = harness.Submit(Call(9999, program), 4);
        harness.StepUntil(() => !harness.Live.Any());
        return sequence.CachedTokens;
    }

    /// <summary>Other calls, one after the other, that leave blocks of their own.</summary>
    private static void Fill(SchedulerHarness harness, int calls)
    {
        for (var id = 1000; id < 1000 + calls; id++)
        {
            harness.Submit(Request(id, 64, 4) with { CacheSalt = $"{id}" }, 4);
            harness.StepUntil(() => !harness.Live.Any());
        }
    }
}
