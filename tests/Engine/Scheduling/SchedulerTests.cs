using Crescent.Engine.Scheduling;
using CsCheck;
using static Crescent.Tests.Engine.Scheduling.EngineHarness;

namespace Crescent.Tests.Engine.Scheduling;

public sealed class SchedulerTests
{
    [Fact]
    public void Any_arrivals_keep_limits_and_blocks_and_all_go_on() =>
        (from blocks in Gen.Int[24, 60]
         from tokens in Gen.Int[4, 80]
         from running in Gen.Int[1, 12]
         from share in Gen.Double[0.05, 1]
         from prompt in Gen.Double[0, 0.005]
         from requests in Arrival.Array[1, 40]
         select (blocks, tokens, running, share, prompt, requests)).Sample(
            workload =>
            {
                var options = new EngineOptions
                {
                    MaxStepTokens = workload.tokens,
                    MaxRunning = workload.running,
                    PromptShare = workload.share,
                    Aging = TimeSpan.FromSeconds(2),
                    TenantWeights = new Dictionary<string, double> { ["1"] = 3 },
                };
                var harness = new SchedulerHarness(options, workload.blocks, costs: new StepCosts(0.01, 0.002, 1e-6, workload.prompt, 1e-8), stepSeconds: 0.03);
                var submitted = new List<Sequence>();
                for (var step = 0; submitted.Count < workload.requests.Length || harness.Live.Any(); step++)
                {
                    Assert.True(step < 20_000, "the scheduler makes no progress");
                    Arrive(harness, workload.requests, step, submitted);
                    var decoding = harness.Scheduler.Running.Where(static sequence => sequence.Remaining == 1).ToDictionary(static s => s, static s => s.OutputCount);
                    var preemptions = harness.Scheduler.Counters.Preemptions;
                    var hadWork = harness.Live.Any();
                    Assert.Equal(hadWork, harness.Step());
                    Assert.InRange(harness.Tokens, hadWork ? 1 : 0, workload.tokens);
                    Assert.InRange(harness.Scheduler.Running.Count, 0, workload.running);
                    Assert.Equal(harness.Live.Count(), harness.Scheduler.Running.Count + harness.Scheduler.WaitingCount);
                    Assert.True(harness.Scheduler.QueuedTokens >= 0);
                    if (harness.Scheduler.Counters.Preemptions == preemptions)
                    {
                        Assert.All(decoding, static sequence => Assert.True(sequence.Key.OutputCount > sequence.Value, "a decode waited"));
                    }

                    harness.Time.Advance(TimeSpan.FromSeconds(0.03));
                }

                // Everybody is charged for what was computed and for nothing else, and nothing is left of anybody.
                Assert.Equal(workload.blocks, harness.FreeBlocks);
                Assert.Equal(0, harness.Scheduler.WaitingCount);
                foreach (var account in submitted.GroupBy(static sequence => sequence.Account!))
                {
                    Assert.True(account.Key.IsIdle);
                    Assert.Equal(account.Sum(static sequence => sequence.Work) / account.Key.Weight, account.Key.Given, 1e-6);
                    Assert.All(account, static sequence => Assert.Equal(0, sequence.Prepaid));
                }

                Assert.All(harness.Ended, static sequence => Assert.InRange(sequence.Work, 2 * sequence.OutputCount, sequence.Request.Prompt.Length + (7 * sequence.OutputCount)));
            },
            iter: 400);

    [Fact]
    public void Tenants_that_all_wait_are_never_further_apart_than_what_runs() =>
        (from running in Gen.Int[1, 6]
         from tokens in Gen.Int[16, 256]
         from tenants in Gen.Select(Gen.Int[1, 200], Gen.Int[1, 40], Gen.Int[1, 6].Select(static sixth => sixth / 2.0)).Array[2, 4]
         from seed in Gen.Int[0, 1000]
         select (running, tokens, tenants, seed)).Sample(
            workload =>
            {
                var random = new Random(workload.seed);
                var weights = Enumerable.Range(0, workload.tenants.Length).ToDictionary(static i => $"{i}", i => workload.tenants[i].Item3);
                var options = new EngineOptions { MaxStepTokens = workload.tokens, MaxRunning = workload.running, TenantWeights = weights };
                var harness = new SchedulerHarness(options, blocks: 4096);
                var most = workload.tenants.Max(static tenant => (tenant.Item1 + (2 * tenant.Item2)) / tenant.Item3);
                var accounts = new TenantAccount?[workload.tenants.Length];
                var id = 0;
                for (var step = 0; step < 600; step++)
                {
                    for (var i = 0; i < accounts.Length; i++)
                    {
                        // Each always has some more waiting.
                        while (accounts[i] is null || accounts[i]!.Pending <= workload.running)
                        {
                            var (prompt, output, _) = workload.tenants[i];
                            var request = Request(id, random.Next(1, prompt + 1), 4000) with { Tenant = $"{i}", CacheSalt = $"{id++}" };
                            accounts[i] = harness.Submit(request, random.Next(1, output + 1)).Account;
                        }
                    }

                    harness.Step();
                    var given = accounts.Select(static account => account!.Given).ToList();
                    Assert.InRange(given.Max() - given.Min(), 0, 3 * (workload.running + 1) * most);
                }
            },
            iter: 150);

    private static readonly Gen<(int Prompt, int Output, int At, int Cancel, int Kind)> Arrival =
        Gen.Select(Gen.Int[1, 160], Gen.Int[1, 40], Gen.Int[0, 60], Gen.Int[-30, 40], Gen.Int[0, 10_000]);

    private static void Arrive(SchedulerHarness harness, (int Prompt, int Output, int At, int Cancel, int Kind)[] requests, int step, List<Sequence> submitted)
    {
        for (var id = 0; id < requests.Length; id++)
        {
            var (prompt, output, at, cancel, kind) = requests[id];
            if (at == step)
            {
                // Some begin alike, some are forks of others, some guess ahead.
                var request = Request(kind % 5 < 2 ? kind % 2 : id, prompt, 41) with
                {
                    Id = id,
                    Priority = (RequestPriority)(kind % 3),
                    Tenant = $"{kind % 4}",
                    CacheSalt = kind % 7 == 0 ? "salt" : null,
                    KvSource = KvSource.OfFork(kind % 6 == 0 ? kind % requests.Length : null),
                    SpeculativeTokens = kind % 11 == 0 ? 5 : 0,
                };
                submitted.Add(harness.Submit(request, output));
            }

            if (cancel > 0 && at + cancel == step)
            {
                harness.Cancel(id);
            }
        }
    }
}
