using Crescent.Engine.Devices;
using Crescent.Engine.Scheduling;
using CsCheck;
using static Crescent.Tests.Engine.Scheduling.EngineHarness;

namespace Crescent.Tests.Engine.Scheduling;

public sealed class ProgramOrderTests
{
    private static readonly EngineOptions Options = new() { MaxStepTokens = 512, MaxRunning = 1, ItlSeconds = double.PositiveInfinity };

    [Theory]
    [InlineData(QueueOrder.Program, new long[] { 1, 5, 6, 2, 3, 4 })]
    [InlineData(QueueOrder.Fcfs, new long[] { 1, 2, 3, 4, 5, 6 })]
    public void A_program_that_was_given_little_goes_before_one_that_was_given_much(QueueOrder order, long[] ended)
    {
        var harness = new SchedulerHarness(Options with { QueueOrder = order });
        harness.Submit(New(1, "large", prompt: 6000), 20);
        harness.Step();
        harness.StepUntil(() => harness.Live.First().OutputCount > 0);
        foreach (var (id, program) in new[] { (2, "large"), (3, "large"), (4, "large"), (5, "small"), (6, "small") })
        {
            harness.Submit(New(id, program), 20);
        }

        harness.StepUntil(() => harness.Ended.Count == 6);
        Assert.Equal(ended, harness.Ended.Select(static s => s.Request.Id));
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(600, 2)]
    public void What_was_given_is_forgotten(int secondsLater, long first)
    {
        var harness = new SchedulerHarness(Options);
        harness.Submit(New(1, "large", prompt: 20_000), 20);
        harness.StepUntil(() => harness.Ended.Count == 1);
        harness.Time.Advance(TimeSpan.FromSeconds(secondsLater));
        Occupy(harness);
        harness.Submit(New(2, "large"), 20);
        harness.Submit(New(3, "small"), 20);
        harness.StepUntil(() => harness.Ended.Count == 4);
        Assert.Equal(first, harness.Ended[2].Request.Id);
    }

    [Fact]
    public void Waiting_makes_up_for_what_was_given()
    {
        foreach (var (waited, first) in new[] { (20, 3L), (60, 2L) })
        {
            // 16 times the least: 4 times 10 s.
            var harness = new SchedulerHarness(Options);
            harness.Submit(New(1, "large", prompt: 15 * 1024), 20);
            harness.StepUntil(() => harness.Ended.Count == 1);
            Occupy(harness);
            harness.Submit(New(2, "large"), 20);
            harness.Time.Advance(TimeSpan.FromSeconds(waited));
            harness.Submit(New(3, "small"), 20);
            harness.StepUntil(() => harness.Ended.Count == 4);
            Assert.Equal(first, harness.Ended[2].Request.Id);
        }
    }

    [Fact]
    public void A_call_on_which_its_program_waits_goes_before_others_of_it_and_not_before_other_programs()
    {
        var harness = new SchedulerHarness(Options);
        Occupy(harness);
        harness.Submit(New(2, "a", prompt: 600), 20);
        harness.Submit(New(3, "b", prompt: 600), 20);
        harness.Submit(New(4, "a", prompt: 600) with { IsCritical = true }, 20);
        harness.Submit(New(5, "b", prompt: 600) with { IsCritical = true }, 20);
        harness.StepUntil(() => harness.Ended.Count == 5);

        Assert.Equal([4, 5, 2, 3], harness.Ended.Skip(1).Select(static s => s.Request.Id));
    }

    [Theory]
    [InlineData(QueueOrder.Program, true)]
    [InlineData(QueueOrder.Fcfs, false)]
    public void A_program_whose_context_is_in_memory_goes_before_long_prompts_in_progress(QueueOrder order, bool overtakes)
    {
        var harness = new SchedulerHarness(Options with { QueueOrder = order, MaxRunning = 16 });
        var talk = Prompt(3, 4000);
        harness.Submit(new InferenceRequest { Id = 1, Prompt = talk, MaxTokens = 4, Program = "talk" }, 4);
        harness.StepUntil(() => harness.Ended.Count == 1);
        for (var id = 10; id < 14; id++)
        {
            harness.Submit(New(id, $"{id}", prompt: 20_000), 4);
        }

        harness.Step();
        var call = harness.Submit(new InferenceRequest { Id = 2, Prompt = [.. talk, 1, 2, 3], MaxTokens = 4, Program = "talk" }, 4);
        var steps = harness.StepUntil(() => call.OutputCount > 0, most: 100_000);
        Assert.Equal(overtakes, steps <= 3);
    }

    [Fact]
    public void What_a_sub_agent_takes_counts_as_its_parents()
    {
        var harness = new SchedulerHarness(Options);
        harness.Submit(New(1, "child", prompt: 20_000) with { ParentProgram = "parent" }, 20);
        harness.StepUntil(() => harness.Ended.Count == 1);
        Occupy(harness);
        harness.Submit(New(2, "parent"), 20);
        harness.Submit(New(3, "child"), 20);
        harness.StepUntil(() => harness.Ended.Count == 4);
        Assert.Equal(3, harness.Ended[2].Request.Id);
    }

    [Fact]
    public void Programs_of_a_tenant_do_not_change_what_another_tenant_gets()
    {
        foreach (var order in Enum.GetValues<QueueOrder>())
        {
            var harness = new SchedulerHarness(Options with { QueueOrder = order });
            for (var id = 0; id < 300; id++)
            {
                harness.Submit(New(2 * id, $"many-{id % 50}") with { Tenant = "a" }, 20);
                harness.Submit(New((2 * id) + 1, "one") with { Tenant = "b" }, 20);
            }

            harness.StepUntil(() => harness.Ended.Count == 200, most: 100_000);
            Assert.InRange(harness.Ended.Count(static s => s.Request.Tenant == "a"), 97, 103);
        }
    }

    [Fact]
    public void Nobody_starves_behind_small_programs_without_end()
    {
        var harness = new SchedulerHarness(Options);
        harness.Submit(New(1, "large", prompt: 50_000), 20);
        harness.StepUntil(() => harness.Ended.Count == 1);
        Occupy(harness);
        harness.Submit(New(2, "large"), 20);
        var id = 10L;
        harness.StepUntil(
            () =>
            {
                while (harness.Scheduler.WaitingCount < 20)
                {
                    harness.Submit(New(id, $"{id++}"), 20);
                    harness.Time.Advance(TimeSpan.FromMilliseconds(1));
                }

                return harness.Ended.Exists(static s => s.Request.Id == 2);
            },
            most: 100_000);
        Assert.InRange(harness.Ended.Count, 3, 3 + TenantQueues.OldestPart);
    }

    [Fact]
    public void All_that_wait_are_served_once_whatever_their_order() =>
        Gen.Select(Gen.Int[0, 4], Gen.Int[1, 600], Gen.Int[1, 30], Gen.Bool, Gen.Int[0, 2]).Array[1, 40].Sample(static calls =>
        {
            var harness = new SchedulerHarness(Options with { MaxRunning = 2 }, blocks: 96);
            var id = 0;
            foreach (var (program, prompt, output, critical, priority) in calls)
            {
                var request = Request(++id, prompt, output) with
                {
                    Program = program == 0 ? null : $"{program}",
                    IsCritical = critical,
                    Priority = (RequestPriority)priority,
                    CacheSalt = $"{id}",
                };
                harness.Submit(request, output);
                harness.Time.Advance(TimeSpan.FromMilliseconds(id * 37 % 900));
                if (id % 3 == 0)
                {
                    harness.Step();
                }

                if (id % 7 == 0)
                {
                    harness.Cancel(id - 2);
                }
            }

            harness.StepUntil(() => !harness.Live.Any());
            Assert.Equal(harness.Ended.Count, harness.Ended.Select(static s => s.Request.Id).Distinct().Count());
            Assert.Equal(0, harness.Scheduler.WaitingCount);
        });

    [Fact]
    public void Programs_that_are_gone_are_forgotten_when_they_count_as_given_nothing_and_beyond_a_bound()
    {
        var time = new ManualTime();
        var queues = new TenantQueues(Options, static _ => 0, aging: 1, time);
        for (var id = 0; id < ProgramAccounts.MaxIdle + 500; id++)
        {
            Take(id, work: 5000);
        }

        Assert.Equal(ProgramAccounts.MaxIdle, queues.Programs.Known);
        time.Advance(TimeSpan.FromMinutes(10));
        Take(1_000_000, work: 5000);
        Assert.Equal(1, queues.Programs.Known);

        void Take(int id, int work)
        {
            var sequence = Sequence(id, $"{id}", work);
            queues.Add(sequence);
            queues.Start(sequence);
            sequence.Advance(work);
            queues.Stop(sequence);
        }
    }

    [Fact]
    public void The_index_of_programs_is_of_those_that_waited()
    {
        foreach (var (second, least, most) in new[] { (100, 0.99, 1.0), (1, 0.5, 0.6) })
        {
            var time = new ManualTime();
            var index = new FairnessIndex(time);
            var queues = new TenantQueues(Options, static _ => 0, aging: 1, time);
            var running = new[] { Sequence(1, "a", 100), Sequence(2, "b", 100) };
            foreach (var sequence in running)
            {
                queues.Add(sequence);
                queues.Start(sequence);
            }

            queues.Add(Sequence(3, "a", 100));
            queues.Add(Sequence(4, "b", 100));
            queues.Add(Sequence(5, null, 100));
            time.Advance(TimeSpan.FromSeconds(31));
            index.Measure([queues]);
            running[0].Advance(100);
            running[1].Advance(second);
            queues.Charge(running[0]);
            queues.Charge(running[1]);
            time.Advance(TimeSpan.FromSeconds(31));
            index.Measure([queues]);
            Assert.InRange(index.OfPrograms, least, most);
        }
    }

    private static Sequence Sequence(int id, string? program, int prompt) =>
        new(Request(id, prompt, 4) with { Program = program }, new LetterTokenizer(), new KvBlockSize(HistoryDevice.DefaultBlockSize), null, 1) { Order = id };

    /// <summary>Something runs, so that what comes has to wait.</summary>
    private static void Occupy(SchedulerHarness harness)
    {
        harness.Submit(Request(1000, 16, 60), 60);
        harness.Step();
    }

    private static InferenceRequest New(long id, string program, int prompt = 100) =>
        Request(id, prompt, 20) with { Program = program, CacheSalt = $"{id}" };
}
