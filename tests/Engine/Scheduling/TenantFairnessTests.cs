using Crescent.Engine.Devices;
using Crescent.Engine.Scheduling;
using static Crescent.Tests.Engine.Scheduling.EngineHarness;

namespace Crescent.Tests.Engine.Scheduling;

public sealed class TenantFairnessTests
{
    private static readonly EngineOptions Options = new() { MaxStepTokens = 512, ItlSeconds = double.PositiveInfinity };

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(64)]
    public void What_a_request_may_take_at_the_most_does_not_count(int running)
    {
        var harness = new SchedulerHarness(Options with { MaxRunning = running });
        for (var id = 0; id < 600; id++)
        {
            harness.Submit(New(2 * id, "open", maxTokens: 8192), 50);
            harness.Submit(New((2 * id) + 1, "strict", maxTokens: 100), 50);
        }

        var next = 50;
        harness.StepUntil(() =>
        {
            if (harness.Ended.Count >= next)
            {
                // At any moment: to within a tenth, and the odd call at the front.
                var open = harness.Ended.Count(static sequence => sequence.Request.Tenant == "open");
                var strict = harness.Ended.Count - open;
                Assert.InRange(open, (0.9 * strict) - 1, (strict / 0.9) + 1);
                next += 50;
            }

            return harness.Ended.Count >= 500;
        }, most: 100_000);
    }

    [Fact]
    public void One_who_came_first_with_all_his_requests_gets_no_more_than_one_who_came_after()
    {
        var harness = new SchedulerHarness(Options with { MaxRunning = 8 });
        for (var id = 0; id < 400; id++)
        {
            harness.Submit(New(id, id < 300 ? "first" : "second"), 20);
        }

        harness.StepUntil(() => harness.Ended.Count == 160, most: 100_000);
        Assert.InRange(harness.Ended.Count(static sequence => sequence.Request.Tenant == "first"), 76, 88);
    }

    [Fact]
    public void A_tenant_of_twice_the_weight_gets_twice_as_much()
    {
        var harness = new SchedulerHarness(Options with { MaxRunning = 4, TenantWeights = new Dictionary<string, double> { ["double"] = 2 } });
        Fill(harness, 300, "double", "single");
        harness.StepUntil(() => harness.Ended.Count == 300, most: 100_000);
        Assert.InRange(harness.Ended.Count(static sequence => sequence.Request.Tenant == "double"), 190, 210);
    }

    [Fact]
    public void What_a_cache_has_is_not_charged()
    {
        var harness = new SchedulerHarness(Options with { MaxRunning = 1 });
        var prompt = Prompt(7, 960);
        harness.Submit(new InferenceRequest { Id = 0, Prompt = prompt, MaxTokens = 1, Tenant = "before" }, 1);
        harness.StepUntil(() => harness.Ended.Count == 1);
        harness.Ended.Clear();
        for (var id = 1; id <= 200; id++)
        {
            harness.Submit(new InferenceRequest { Id = id, Prompt = [.. prompt, id % 100, id / 100], MaxTokens = 20, Tenant = "cached" }, 20);
            harness.Submit(New(1000 + id, "new", prompt: 400), 20);
        }

        // 2 + 2 x 20 against 400 + 2 x 20.
        harness.StepUntil(() => harness.Ended.Count == 120, most: 100_000);
        Assert.InRange(harness.Ended.Count(static sequence => sequence.Request.Tenant == "new"), 9, 20);
    }

    [Fact]
    public void Nothing_is_charged_twice_after_a_preemption()
    {
        var harness = new SchedulerHarness(Options with { MaxRunning = 8 }, blocks: 24);
        for (var id = 1; id <= 8; id++)
        {
            harness.Submit(Request(id, 64, 80) with { Tenant = $"{id}" }, 80);
        }

        harness.StepUntil(() => harness.Ended.Count == 8);
        Assert.True(harness.Scheduler.Counters.Preemptions > 0);
        Assert.All(harness.Ended, static sequence =>
        {
            Assert.Equal(64 + (2 * 80), sequence.Work);
            Assert.Equal(sequence.Work, sequence.Account!.Given);
        });
    }

    [Fact]
    public void What_is_not_used_of_the_expected_is_given_back()
    {
        var harness = new SchedulerHarness(Options);
        var sequence = harness.Submit(Request(1, 3000, 1000) with { Tenant = "a" }, 1000);
        harness.Step();
        Assert.True(sequence.Account!.Service > 3000);
        harness.Cancel(1);
        Assert.Equal(512, sequence.Account.Service, 1e-6);
        Assert.Equal(512, sequence.Account.Given, 1e-6);
    }

    [Fact]
    public void Who_was_ahead_when_all_was_done_is_ahead_when_he_comes_back_at_once_and_not_after_ten_minutes()
    {
        foreach (var (pause, place) in new[] { (TimeSpan.FromSeconds(1), 8), (TimeSpan.FromMinutes(10), 1) })
        {
            var harness = new SchedulerHarness(Options with { MaxRunning = 1 });
            harness.Submit(New(1, "greedy", prompt: 4000), 20);
            harness.Submit(New(2, "modest"), 20);
            harness.StepUntil(() => !harness.Live.Any());
            harness.Time.Advance(pause);
            harness.Ended.Clear();
            harness.Submit(New(3, "greedy"), 20);
            for (var id = 4; id < 12; id++)
            {
                harness.Submit(New(id, "modest"), 20);
            }

            harness.StepUntil(() => harness.Ended.Count == 9);
            Assert.Equal(place, harness.Ended.FindIndex(static sequence => sequence.Request.Tenant == "greedy"));
        }
    }

    [Fact]
    public void What_a_tenant_takes_while_it_is_alone_is_not_held_against_it()
    {
        var harness = new SchedulerHarness(Options with { MaxRunning = 4 });
        for (var id = 0; id < 4; id++)
        {
            harness.Submit(New(id, "alone", maxTokens: 2000), 2000);
        }

        harness.StepUntil(() => harness.Ended.Count == 4);
        harness.Ended.Clear();
        Fill(harness, 40, "new", "alone");
        harness.StepUntil(() => harness.Ended.Count == 40);
        Assert.InRange(harness.Ended.Count(static sequence => sequence.Request.Tenant == "alone"), 17, 23);
    }

    [Fact]
    public void Nobody_saves_up_for_later_by_staying_away()
    {
        var harness = new SchedulerHarness(Options with { MaxRunning = 1 });
        harness.Submit(New(9000, "away"), 20);
        Fill(harness, 200, "busy");
        harness.StepUntil(() => harness.Ended.Count == 100, most: 100_000);
        harness.Ended.Clear();
        for (var id = 10_000; id < 10_100; id++)
        {
            harness.Submit(New(id, "away"), 20);
        }

        harness.StepUntil(() => harness.Ended.Count == 40, most: 100_000);
        Assert.InRange(harness.Ended.Count(static sequence => sequence.Request.Tenant == "busy"), 17, 23);
    }

    [Fact]
    public void New_names_without_end_do_not_keep_anybody_from_his_turn()
    {
        var harness = new SchedulerHarness(Options with { MaxRunning = 1 });
        Fill(harness, 30, "known");
        harness.StepUntil(() => harness.Ended.Count == 20, most: 100_000);
        harness.Ended.Clear();
        var id = 5000L;
        harness.StepUntil(
            () =>
            {
                while (harness.Scheduler.WaitingCount < 20)
                {
                    harness.Submit(New(id++, $"{id}"), 20);
                    harness.Time.Advance(TimeSpan.FromMilliseconds(1));
                }

                return harness.Ended.Count(static sequence => sequence.Request.Tenant == "known") == 5;
            },
            most: 100_000);
        Assert.InRange(harness.Ended.Count, 5, 5 * TenantQueues.OldestPart);
    }

    [Fact]
    public void Tenants_that_are_gone_are_forgotten_in_the_end()
    {
        var time = new ManualTime();
        var queues = new TenantQueues(Options, static _ => 0, aging: 1, time);
        for (var id = 0; id < 5000; id++)
        {
            var sequence = new Sequence(Request(id, 4, 4) with { Tenant = $"{id}" }, new LetterTokenizer(), new KvBlockSize(HistoryDevice.DefaultBlockSize), null, 1);
            queues.Add(sequence);
            queues.Remove(sequence);
        }

        Assert.Equal(TenantQueues.MaxIdle, queues.Known);
    }

    [Fact]
    public void The_index_is_1_where_tenants_get_the_same_and_falls_where_one_gets_all()
    {
        foreach (var (weight, least, most) in new[] { (1.0, 0.99, 1.0), (0.01, 0.5, 0.6) })
        {
            // Who weighs a hundredth gets a hundredth: fair by the weights, which both have. The index is of those.
            var time = new ManualTime();
            var index = new FairnessIndex(time);
            var queues = new TenantQueues(Options, static _ => 0, aging: 1, time);
            var sequences = new[] { "a", "b" }.Select((tenant, id) => new Sequence(Request(id, 100, 4) with { Tenant = tenant }, new LetterTokenizer(), new KvBlockSize(HistoryDevice.DefaultBlockSize), null, 1)).ToList();
            var waiting = new[] { "a", "b" }.Select((tenant, id) => new Sequence(Request(id, 100, 4) with { Tenant = tenant }, new LetterTokenizer(), new KvBlockSize(HistoryDevice.DefaultBlockSize), null, 1)).ToList();
            sequences.ForEach(queues.Add);
            sequences.ForEach(queues.Start);
            waiting.ForEach(queues.Add);
            time.Advance(TimeSpan.FromSeconds(31));
            index.Measure([queues]);
            Assert.Equal(1, index.Value);
            sequences[0].Advance(100);
            sequences[1].Advance((int)(100 * weight));
            sequences.ForEach(static sequence => sequence.Account!.Charge(sequence));
            time.Advance(TimeSpan.FromSeconds(31));
            index.Measure([queues]);
            Assert.InRange(index.Value, least, most);
        }
    }

    /// <summary>A request whose prompt nobody had before.</summary>
    private static InferenceRequest New(long id, string tenant, int prompt = 100, int maxTokens = 20) =>
        Request(id, prompt, maxTokens) with { Tenant = tenant, CacheSalt = $"{id}" };

    private static void Fill(SchedulerHarness harness, int each, params string[] tenants)
    {
        var id = 10L;
        for (var i = 0; i < each; i++)
        {
            foreach (var tenant in tenants)
            {
                harness.Submit(New(id++, tenant), 20);
            }
        }
    }
}
