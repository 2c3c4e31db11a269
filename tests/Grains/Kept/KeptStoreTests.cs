using Crescent.Engine.Scheduling;
using Crescent.Grains.Kept;
using Crescent.Grains.Streams;
using Crescent.Tests.Engine.Scheduling;
using Crescent.Tests.Grains.Placement;
using Crescent.Tests.Silo.Api;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Crescent.Tests.Grains.Kept;

/// <summary>What one silo keeps, for how long, and how much of it.</summary>
public sealed class KeptStoreTests
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(30);

    private readonly ManualTime _time = new();
    private readonly EnergyAccounts _accounts = new();

    [Fact]
    public async Task An_answer_is_found_until_it_has_been_kept_for_its_time()
    {
        var store = Store(ScriptedGeneration.Of("a", "b"));
        var epoch = Begin(store, "key");
        Assert.Equal("ab", await ReadAll(store, "key", epoch));
        _time.Advance(TimeSpan.FromSeconds(KeptOptions.DefaultSeconds - 1));
        store.Look();
        Assert.Equal(KeptState.There, store.Claim(Ask("key")).State);
        Assert.Equal(KeptState.Other, store.Claim(Ask("key", body: 2)).State);
        Assert.Equal("ab", await ReadAll(store, "key", epoch));
        _time.Advance(TimeSpan.FromSeconds(1));
        store.Look();
        Assert.Equal(KeptState.Claimed, store.Claim(Ask("key", body: 2)).State);
    }

    [Fact]
    public async Task A_claim_holds_others_off_until_it_is_made_good_given_back_or_too_old()
    {
        var store = Store(ScriptedGeneration.Of("a"));
        var claim = store.Claim(Ask("key"));
        Assert.Equal((KeptState.Claimed, KeptState.Pending), (claim.State, store.Claim(Ask("key")).State));
        Assert.Equal(KeptState.Other, store.Claim(Ask("key", body: 2)).State);
        store.Release("key", claim.Claim + 2);
        Assert.Equal(KeptState.Pending, store.Claim(Ask("key")).State);
        store.Release("key", claim.Claim);
        Assert.Equal(KeptState.Claimed, store.Claim(Ask("key")).State);
        _time.Advance(KeptStore.ClaimTime + TimeSpan.FromSeconds(1));
        Assert.Equal(KeptState.Claimed, store.Claim(Ask("key")).State);

        // Who comes first begins it; the other reads that.
        var first = store.Start(Order("key"));
        var second = store.Start(Order("key") with { Head = new KeptHead { Id = "another" } });
        Assert.Equal((KeptState.There, "id", first.Head), (second.State, second.Head!.Id, second.Head));
        Assert.Equal("a", await ReadAll(store, "key", first.Head!.Epoch));
    }

    [Fact]
    public async Task An_answer_that_nobody_reads_any_more_is_given_up()
    {
        var script = ScriptedGeneration.Endless();
        var store = Store(script);
        var epoch = Begin(store, "key");
        var read = store.Read(new KeptRead { Key = "key", Epoch = epoch, IsWanted = true }, Wait);
        await read;
        _time.Advance(TimeSpan.FromSeconds(KeptOptions.DefaultAloneSeconds - 1));
        store.Look();
        Assert.False(script.Left.Task.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(2));
        store.Look();
        await script.Left.Task.WaitAsync(Wait, TestContext.Current.CancellationToken);
        Assert.Equal(KeptState.Claimed, store.Claim(Ask("key", body: 2)).State);
    }

    [Fact]
    public async Task Somebody_who_waits_keeps_an_answer_going()
    {
        var script = ScriptedGeneration.Endless();
        var store = Store(script);
        var epoch = Begin(store, "key");
        var page = await store.Read(new KeptRead { Key = "key", Epoch = epoch, IsWanted = true }, Wait);
        var waits = store.Read(new KeptRead { Key = "key", Epoch = epoch, Offset = page.Records.Length, IsWanted = true }, Wait);
        _time.Advance(TimeSpan.FromSeconds(10 * KeptOptions.DefaultAloneSeconds));
        store.Look();
        Assert.False(script.Left.Task.IsCompleted || waits.IsCompleted);
        Assert.Equal(KeptState.There, store.Claim(Ask("key")).State);
    }

    [Fact]
    public async Task What_ended_first_goes_first_and_what_is_under_way_stays()
    {
        var store = Store(ScriptedGeneration.Of(new string('x', 2000)), new KeptOptions { Mib = KeptOptions.LeastMib });
        var epochs = new List<long>();
        for (var i = 0; i < 8; i++)
        {
            epochs.Add(Begin(store, $"key-{i}"));
            Assert.Equal(2000, (await ReadAll(store, $"key-{i}", epochs[i])).Length);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.False(store.Has("key-0"));
        Assert.True(store.Has("key-7"));
        Assert.InRange(store.Count, 2, 7);

        // Claims are under way: nothing lets them go but their time.
        var all = 0;
        while (store.Claim(Ask($"claim-{all}")).State == KeptState.Claimed)
        {
            all++;
        }

        Assert.Equal(16, all);
        Assert.Equal(KeptState.Full, store.Claim(Ask("one-more")).State);
        Assert.Equal(KeptState.Full, store.Start(Order("one-more")).State);
    }

    [Fact]
    public async Task An_answer_that_is_too_long_ends_with_an_error_that_names_the_limit()
    {
        var store = Store(ScriptedGeneration.Of(new string('x', 20_000)), new KeptOptions { AnswerMib = KeptOptions.LeastMib });
        var epoch = Begin(store, "key");
        Assert.Contains("Crescent:Kept:AnswerMib", (await Last(store, "key", epoch)).Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_failed_before_it_had_begun_is_forgotten_and_one_that_broke_off_goes_on_where_it_was()
    {
        var calls = 0;
        var store = Store(new ScriptedGeneration((call, cancellation) => Breaks(call, calls++)));
        var epoch = Begin(store, "key");
        Assert.Contains("no device", (await Last(store, "key", epoch)).Failure!.Message, StringComparison.Ordinal);
        epoch = Begin(store, "key");
        var broken = await Last(store, "key", epoch);
        Assert.Equal(KeptFailure.Cause.Failed, broken.Failure!.Kind);
        var again = store.Claim(Ask("key"));
        Assert.Equal((KeptState.There, epoch), (again.State, again.Head!.Epoch));
        Assert.Equal("one two", await ReadAll(store, "key", epoch));
        Assert.Equal(3, calls);
    }

    [Fact]
    public async Task A_keeper_goes_on_behind_the_records_that_it_is_given_and_only_there()
    {
        var first = Store(ScriptedGeneration.Of("one", " two"));
        var head = Begin(first, "key");
        await ReadAll(first, "key", head);
        var records = (await first.Read(new KeptRead { Key = "key", Epoch = head }, Wait)).Records;
        var script = ScriptedGeneration.Of(" three");
        var second = Store(script);

        // The first of its records: a token.
        var part = records[..(records[0] + 1)];
        var reply = second.Start(Order("key") with { Records = part });
        Assert.Equal("one three", await ReadAll(second, "key", reply.Head!.Epoch));
        var call = script.Calls.Single();
        Assert.Equal([1, 2, 3, 1], call.Prompt);
        Assert.Equal((1, 9), (call.ResumedTokens, call.MaxTokens));
        Assert.Equal(KeptState.There, second.Start(Order("key") with { Records = part }).State);
        Assert.Equal(KeptState.Other, second.Start(Order("key") with { Records = records }).State);
        Assert.False((await second.Read(new KeptRead { Key = "key", Epoch = head }, Wait)).IsKnown);
    }

    private static KeptAsk Ask(string key, byte body = 1) => new() { Key = key, Body = [body], Asker = "front" };

    private static KeptStart Order(string key) => new()
    {
        Ask = Ask(key),
        Head = new KeptHead { Id = "id", Created = 5 },
        Calls = [new InferenceRequest { Prompt = [1, 2, 3], MaxTokens = 10, Tenant = "acme" }],
    };

    private static long Begin(KeptStore store, string key)
    {
        var claim = store.Claim(Ask(key));
        Assert.Equal(KeptState.Claimed, claim.State);
        var reply = store.Start(Order(key) with { Claim = claim.Claim });
        Assert.Equal(KeptState.There, reply.State);
        return reply.Head!.Epoch;
    }

    private static async Task<string> ReadAll(KeptStore store, string key, long epoch)
    {
        var text = "";
        var records = new List<byte>();
        while (true)
        {
            var page = await store.Read(new KeptRead { Key = key, Epoch = epoch, Offset = records.Count, IsWanted = true }, Wait);
            Assert.True(page.IsKnown);
            Assert.Null(page.Failure);
            records.AddRange(page.Records);
            if (page.HasEnded)
            {
                ReadOnlySpan<byte> rest = records.ToArray();
                while (KeptRecords.TryRead(ref rest, out _, out var chunk))
                {
                    text += chunk.Text;
                }

                return text;
            }
        }
    }

    private static async Task<KeptPage> Last(KeptStore store, string key, long epoch)
    {
        for (var offset = 0; ;)
        {
            var page = await store.Read(new KeptRead { Key = key, Epoch = epoch, Offset = offset, IsWanted = true }, Wait);
            offset += page.Records.Length;
            if (page.HasEnded)
            {
                return page;
            }
        }
    }

    private static async IAsyncEnumerable<GenerationChunk> Breaks(InferenceRequest call, int attempt)
    {
        await Task.Yield();
        switch (attempt)
        {
            case 0:
                throw new RequestRefusedException(RefusalReason.Unavailable, "There is no device.");
            case 1:
                yield return new GenerationChunk([7], "one", null, null);
                throw new GenerationFailedException("It was lost four times.");
            default:
                Assert.Equal((1, 7, 9), (call.ResumedTokens, call.Prompt[^1], call.MaxTokens));
                yield return new GenerationChunk([8], " two", "stop", ScriptedGeneration.Usage(3, 2));
                break;
        }
    }

    private KeptStore Store(IGenerationService generations, KeptOptions? options = null) =>
        new(generations, _accounts, new LocalSilo(), Options.Create(options ?? new KeptOptions()), _time, NullLogger<KeptStore>.Instance);
}
