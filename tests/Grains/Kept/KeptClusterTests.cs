using Crescent.Engine.Sampling;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Kept;
using Crescent.Grains.Streams;
using Orleans.TestingHost;

namespace Crescent.Tests.Grains.Kept;

/// <summary>Answers that outlive the silo that was asked for them, and the one that made them.</summary>
public sealed class KeptClusterTests(FactoryCluster factory) : FactoryClusterTest(factory)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private InProcessSiloHandle Front => Factory.Silos[0];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_answer_whose_front_end_is_killed_is_found_at_another_and_is_the_same(bool frontIsFirst)
    {
        var calls = Calls(frontIsFirst ? 1 : 2);
        var expected = await Undisturbed(calls);
        var front = Front;
        var key = Key(name => name == front.Name == frontIsFirst);
        HoldAll();
        var first = await KeptReader.Open(front, key, calls);
        Assert.False(first.IsJoined);
        Assert.NotEqual(front.Name, first.Stream.Home);
        AllowAll(25);
        await FactoryCluster.Until(() => first.Chunks.Sum(static c => c.Tokens) >= 30, "tokens come");
        var seen = first.Chunks;
        await Factory.Cluster.KillSiloAsync(front, Stop);
        FreeAll();
        var second = await KeptReader.Open(Factory.Silos[^1], key, calls);
        Assert.True(second.IsJoined);
        await second.Ended.WaitAsync(TimeSpan.FromSeconds(60), Stop);
        Assert.Equal(expected, second.Texts);
        Assert.Equal(seen, second.Chunks.Take(seen.Count));
        Assert.Equal(first.Stream.Head.Epoch, second.Stream.Head.Epoch);
    }

    [Fact]
    public async Task An_answer_whose_keeper_is_killed_goes_on_at_another_behind_what_was_read()
    {
        var calls = Calls(3);
        var expected = await Undisturbed(calls);
        HoldAll();
        var reader = await KeptReader.Open(Front, Key(name => name != Front.Name), calls);
        var keeper = reader.Stream.Home;
        AllowAll(25);
        await FactoryCluster.Until(() => reader.Chunks.Sum(static c => c.Tokens) >= 30, "tokens come");
        await Factory.Cluster.KillSiloAsync(Factory.Silos.Single(s => s.Name == keeper), Stop);
        FreeAll();
        await reader.Ended.WaitAsync(TimeSpan.FromSeconds(60), Stop);
        Assert.Equal(expected, reader.Texts);
        Assert.NotEqual(keeper, reader.Stream.Home);
        Assert.NotEqual(Front.Name, reader.Stream.Home);
    }

    [Fact]
    public async Task Requests_that_come_at_once_with_one_key_make_one_answer()
    {
        var call = FactoryCluster.Call(4, maxTokens: 40);
        foreach (var first in Factory.Silos)
        {
            var key = Key(name => name == first.Name);
            var readers = await Task.WhenAll(Factory.Silos.Concat(Factory.Silos).Select(silo => KeptReader.Open(silo, key, call with { RequestId = key })));
            await Task.WhenAll(readers.Select(static r => r.Ended)).WaitAsync(TimeSpan.FromSeconds(60), Stop);
            Assert.Single(readers, static r => !r.IsJoined);
            Assert.Single(readers.Select(static r => r.Stream.Head.Epoch).Distinct());
            Assert.Single(Factory.Silos.SelectMany(s => Factory.Engine(s).Submitted), r => r.RequestId == key);
            Assert.All(readers, r => Assert.Equal(readers[0].Chunks, r.Chunks));
        }
    }

    [Fact]
    public async Task An_answer_that_its_reader_has_left_goes_on_and_is_charged_once_where_it_was_begun()
    {
        HoldAll();
        var call = FactoryCluster.Call(5, maxTokens: 40) with { Tenant = "leaver" };
        var key = Key(static _ => true);
        var reader = await KeptReader.Open(Front, key, call);
        AllowAll(5);
        await FactoryCluster.Until(() => reader.Chunks.Count > 0, "chunks come");
        await reader.Leave();
        FreeAll();
        await reader.Stream.Followed.WaitAsync(TimeSpan.FromSeconds(60), Stop);
        var again = await KeptReader.Open(Factory.Silos[1], key, call);
        await again.Ended.WaitAsync(TimeSpan.FromSeconds(60), Stop);
        Assert.Equal(40, again.Chunks.Sum(static c => c.Tokens));
        var accounts = Factory.Silos.SelectMany(s => FactoryCluster.Service<EnergyAccounts>(s).Tenants.Where(static t => t.Name == "leaver").Select(t => (s.Name, t.Requests, t.OutputTokens)));
        Assert.Equal((Front.Name, 1, 40), Assert.Single(accounts));
        Assert.Equal(
            KeptState.Other,
            (await FactoryCluster.Service<IKeptAnswers>(Factory.Silos[2]).Claim("tenant", key, [2], Stop)).State);
        Assert.Equal(
            KeptState.Claimed,
            (await FactoryCluster.Service<IKeptAnswers>(Factory.Silos[2]).Claim("another", key, [2], Stop)).State);
    }

    /// <summary>Two choices of one prompt, drawn, and one that follows a schema.</summary>
    private static InferenceRequest[] Calls(int seed)
    {
        var siblings = new SiblingGroup($"kept-{seed}");
        var choice = FactoryCluster.Call(seed, maxTokens: 60) with { RequestId = $"kept-{seed}", Siblings = siblings, Sampling = new SamplingParameters { Temperature = 1, Seed = 7 } };
        var structure = new OutputStructure(GrammarSource.JsonSchema("""{"type":"array","items":{"type":"integer"},"minItems":12,"maxItems":16}"""));
        return [choice, choice with { Sampling = choice.Sampling with { Seed = 8 } }, FactoryCluster.Call(seed + 100, maxTokens: 90) with { RequestId = $"kept-{seed}-2", Sampling = new SamplingParameters { Structure = structure } }];
    }

    private async Task<List<string>> Undisturbed(InferenceRequest[] calls)
    {
        var running = calls.Select(call => Start(Front, call with { RequestId = $"{call.RequestId}-alone", Siblings = null })).ToList();
        await Task.WhenAll(running.Select(static r => r.Ended)).WaitAsync(TimeSpan.FromSeconds(60), Stop);
        return [.. running.Select(static r => r.Text)];
    }

    /// <summary>A key whose first home is as wanted, and none that was used before.</summary>
    private string Key(Predicate<string> first)
    {
        var homes = FactoryCluster.Service<KeptHomes>(Front);
        while (true)
        {
            var key = Guid.NewGuid().ToString("n");
            if (first(homes.Of(KeptDesk.Name("tenant", key))[0]))
            {
                return key;
            }
        }
    }

    private void AllowAll(int steps)
    {
        foreach (var silo in Factory.Silos)
        {
            Factory.Engine(silo).Allow(steps);
        }
    }

    private void FreeAll()
    {
        foreach (var silo in Factory.Silos)
        {
            Factory.Engine(silo).Free();
        }
    }
}
