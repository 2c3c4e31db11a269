using Crescent.Control.Kv;
using Crescent.Control.Placement;
using Crescent.Engine.Devices;
using Crescent.Engine.Kv;

namespace Crescent.Tests.Control.Placement;

/// <summary>The baselines against examples that their own sources work out: documents and tests of NVIDIA Dynamo 1.5, llm-d's router of August 2026, smg of 2026.</summary>
public sealed class BaselineTests
{
    private static readonly DeviceLoad Large = Views.Idle with { TotalBlocks = 100_000, FreeBlocks = 100_000, MaxContext = 1_000_000 };

    [Fact]
    public void Dynamo_s_router_takes_the_second_of_the_three_workers_in_its_document()
    {
        // Of a prompt of 10 blocks 2, 5 and 8 are cached, so that 8, 5 and 2 are to be computed; 10, 5 and 9 are in use: 18, 10 and 11. The document leaves out what the call
        // itself adds, which is 10 on each of them.
        var active = new ActiveBlocks();
        var view = Of(active, Large, Large, Large);
        int[] cached = [2, 5, 8];
        int[] inUse = [10, 5, 9];
        for (var device = 0; device < 3; device++)
        {
            active.Look(Chain(7, inUse[device] - 2), inUse[device]);
            active.Add(device, Views.Key(device));
            view.ChangeOverlap()[device] = cached[device];
        }

        active.Look(Chain(0, 10), 10);
        Assert.Equal([18, 10, 11], Enumerable.Range(0, 3).Select(device => Math.Round(new KvQueuePolicy().Score(Views.Call(prompt: 160), view, device).Score - 10, 3)));
        Assert.Equal(1, new KvQueuePolicy().Choose(Views.Call(prompt: 160), view).Device);
    }

    [Fact]
    public void Dynamo_counts_blocks_in_use_once_whoever_shares_them()
    {
        // test_active_sequences_shared_blocks: 1 2 3, then 4, then 1 2 3 4 together; 3 4 4, and 4 3 3 0 as they end again.
        var active = new ActiveBlocks();
        var chain = Chain(0, 3);
        Assert.Equal(3, Use(1, chain, 3));
        Assert.Equal(4, Use(2, [], 1));
        Assert.Equal(5, Use(3, Chain(0, 4), 4));
        active.Release(2);
        Assert.Equal(4, active.Count("a"));
        active.Release(3);
        Assert.Equal(3, active.Count("a"));
        active.Move(1, "b");
        Assert.Equal((0, 3), (active.Count("a"), active.Count("b")));
        active.Look(Chain(0, 5), 6);
        Assert.Equal((6, 3), (active.New("a"), active.New("b")));
        active.Release(1);
        active.Release(1);
        Assert.Equal(0, active.Count("b"));

        int Use(long id, BlockHash[] blocks, int count)
        {
            active.Look(blocks, count);
            active.Add(id, "a");
            return active.Count("a");
        }
    }

    [Fact]
    public void A_sibling_of_a_call_that_no_report_counts_yet_costs_Dynamo_only_what_it_does_not_share()
    {
        var active = new ActiveBlocks();
        var book = new PlacementBook(new KvQueuePolicy(), Of(active, Large, Large));
        active.Look(Chain(0, 12), 13);
        Assert.True(book.Place(Views.Call(1, prompt: 208), 1).IsPlaced);
        var home = book.View.IndexOf(book.DeviceOf(1)!);
        book.View.ChangeOverlap()[home] = 12;
        active.Look(Chain(0, 12), 13);
        var (here, there) = (book.Policy.Score(Views.Call(prompt: 208), book.View, home), book.Policy.Score(Views.Call(prompt: 208), book.View, 1 - home));
        Assert.Equal((14, 14), (Math.Round(here.Wait), Math.Round(here.Pace)));
        Assert.Equal((13, 13), (Math.Round(there.Wait), Math.Round(there.Pace)));
    }

    [Fact]
    public void What_was_just_placed_is_load_to_Dynamo_too_where_layers_have_windows()
    {
        var load = Views.Idle with { TotalBlocks = 100_000, FreeBlocks = 100_000, MaxContext = 131_072, Demand = new KvDemand(0, 1, 523) };
        var book = new PlacementBook(new KvQueuePolicy(), Views.Of(load, load));
        Assert.True(book.Place(Views.Call(1, prompt: 1008, max: 4096), 1).IsPlaced);
        var home = book.View.IndexOf(book.DeviceOf(1)!);
        Assert.InRange(book.Policy.Score(Views.Call(prompt: 1008), book.View, home).Pace, 63 + 63, 63 + 126);
        Assert.Equal(63, book.Policy.Score(Views.Call(prompt: 1008), book.View, 1 - home).Pace, 6);
        Assert.Equal(1 - home, book.Policy.Choose(Views.Call(prompt: 1008), book.View).Device);
    }

    [Theory]
    [InlineData(0, 0, 6, 4, 1)] // 6 of 10 blocks are more than half.
    [InlineData(0, 0, 5, 4, 0)] // Half is not more than half.
    [InlineData(0, 0, 10, 40, 0)] // 40 apart: load comes first.
    [InlineData(0, 640, 10, 704, 1)] // 64 apart, but 704 is not above 1.1 times 640.
    [InlineData(0, 640, 10, 705, 0)]
    public void Two_tier_decides_as_Dynamo_s_tests_of_it(int cachedA, int activeA, int cachedB, int activeB, int chosen)
    {
        for (var number = 0; number < 2; number++)
        {
            Assert.Equal(chosen, TwoTier(160, number, cachedA, activeA, cachedB, activeB));
        }
    }

    [Fact]
    public void Two_tier_counts_whole_blocks()
    {
        // A block and a token: a whole hit is all of it. Five blocks and a rest: three are more than half.
        Assert.Equal(1, TwoTier(17, 0, 0, 0, 1, 4));
        Assert.Equal(1, TwoTier(83, 0, 0, 0, 3, 4));
        Assert.Equal(0, TwoTier(15, 0, 0, 0, 0, 4));
    }

    [Theory]
    [InlineData(90, 500, 50, 0.1, false)] // 500 and 50 ms at 1,000 tokens a second: 450 ms later than the other is more than 100.
    [InlineData(90, 500, 50, 1, true)]
    [InlineData(79, 0, 5000, 18, false)] // Not four fifths of the prompt.
    [InlineData(80, 5000, 0, 18, true)]
    public void Sticky_holds_on_as_llm_d_s_tests_of_its_filter(int matched, int home, int other, double penalty, bool sticks)
    {
        var profile = Views.Gpu with { PromptSeconds = 1e-3 };
        var view = new FactoryView { Now = 100 };
        foreach (var (key, tokens) in new[] { ("a", home), ("b", other) })
        {
            view.Add(new DeviceState { Key = key, Profile = profile, Load = Large with { QueuedPromptTokens = tokens }, HeardAt = 100, Reachable = true });
        }

        view.ChangeOverlap()[0] = matched;
        var call = Views.Call(prompt: 1600) with { Level = new ServiceLevel(penalty, 1) };
        Assert.Equal(sticks, new StickyPolicy().Score(call, view, 1).Pace > 0);
        Assert.Equal(0, new StickyPolicy().Score(call, view, 0).Pace);
        Assert.Equal(sticks ? 0 : home + (16 * (100 - matched)) < other + 1600 ? 0 : 1, new StickyPolicy().Choose(call, view).Device);
    }

    [Fact]
    public void Sticky_takes_the_fewest_sequences_where_answers_take_longer_than_prompts()
    {
        var view = Views.Of(Large with { Running = 5 }, Large with { Running = 3, QueuedPromptTokens = 900 });
        Assert.Equal(1, new StickyPolicy().Choose(Views.Call(prompt: 16, max: 4000), view).Device);
        Assert.Equal(0, new StickyPolicy().Choose(Views.Call(prompt: 4000, max: 16), view).Device);
    }

    [Fact]
    public void Least_load_is_smg_s_seconds_of_queued_and_sent_tokens_and_of_memory()
    {
        // combines_queued_dispatched_and_kv_wait: (800 + 200) / 500 and, at its default weight of 0.15 s, half of the memory in use.
        var view = Views.Of(Large with { Running = 5, StepSeconds = 0.01, QueuedPromptTokens = 800, FreeBlocks = 50_000 }, Large with { QueuedPromptTokens = 800 });
        view.Devices[0].UnseenWholeTokens = 200;
        var terms = new LeastLoadPolicy().Score(Views.Call(), view, 0);
        Assert.Equal((2.0, 0.15), (terms.Wait, Math.Round(terms.Pace, 9)));

        // A device that generates nothing drains 2,000 tokens a second; memory counts as 0.999 full at the most.
        Assert.Equal(0.4, new LeastLoadPolicy().Score(Views.Call(), view, 1).Wait, 9);
        view.Devices[1].Load = Large with { FreeBlocks = 0 };
        Assert.Equal(0.15 * 999, new LeastLoadPolicy().Score(Views.Call(), view, 1).Pace, 6);
    }

    [Fact]
    public void A_call_that_was_just_sent_counts_whole_for_least_load()
    {
        var book = new PlacementBook(new LeastLoadPolicy(), Views.Of(Large, Large));
        book.View.ChangeOverlap().Fill(50);
        book.Place(Views.Call(1, prompt: 1000), 1);
        Assert.Equal(1000, book.View.Devices.ToArray().Sum(static device => device.UnseenWholeTokens));
        book.Release(1);
        Assert.Equal(0, book.View.Devices.ToArray().Sum(static device => device.UnseenWholeTokens));
    }

    [Fact]
    public void A_session_stays_where_Dynamo_has_bound_it_until_it_has_been_idle_for_too_long()
    {
        var view = Bound(Large, Large with { Running = 2 });
        var book = new PlacementBook(new SessionAffinityPolicy(new KvQueuePolicy()), view);
        var call = Views.Call(1) with { Session = "s" };
        Assert.Equal(0, Free(2, "other"));
        view.Sessions!.Bind("s", Views.Key(1), view.Now);
        Assert.Equal(1, book.Place(call, 1).Device);
        view.Devices[1].Draining = true;
        Assert.Equal(0, book.Policy.Choose(call, view).Device);
        view.Devices[1].Draining = false;
        view.Now += 299;
        Hear(view);
        Assert.Equal(1, book.Place(call, 1).Device);
        view.Now += 301;
        Hear(view);
        view.Devices[1].Load = Large with { Running = 2, QueuedPromptTokens = 9000 };
        view.Refresh(1);
        Assert.Equal(0, book.Place(call, 1).Device);

        int Free(long id, string session) => book.Policy.Choose(Views.Call(id) with { Session = session }, view).Device;
    }

    [Fact]
    public void The_sub_agents_of_a_parent_stay_together_as_in_Dynamo_s_tests_of_its_example()
    {
        // A new group goes to the least loaded; a sibling follows it whatever the loads, and although its own session was elsewhere.
        var view = Bound(Large with { Running = 2 }, Large);
        var book = new PlacementBook(new ParentGroupPolicy(mostActive: 0), view);
        Assert.Equal(1, Place(1, "child-1", "parent-1"));
        Load(view, 0, 0);
        view.Sessions!.Bind("child-2", Views.Key(0), view.Now);
        Assert.Equal(1, Place(2, "child-2", "parent-1"));

        // More than the threshold, and another has strictly less: the group moves and stays there; between equals it does not.
        Load(view, 0, 1);
        Assert.Equal(0, Place(3, "child-3", "parent-1"));
        Load(view, 1, 1);
        Assert.Equal(0, Place(4, "child-4", "parent-1"));
        Load(view, 3, 4);
        Assert.Equal(0, Place(5, null, "parent-1"));

        // Without a parent the session's device, under the same threshold.
        Load(view, 0, 0);
        view.Sessions.Bind("alone", Views.Key(1), view.Now);
        Assert.Equal(1, Place(6, "alone", null));

        int Place(long id, string? session, string? parent)
        {
            var device = book.Place(Views.Call(id) with { Session = session, Parent = parent }, id).Device;
            book.Release(id);
            return device;
        }
    }

    [Fact]
    public void No_more_sessions_are_remembered_than_there_may_be()
    {
        var bindings = new SessionBindings(10);
        for (var i = 0; i <= SessionBindings.Most; i++)
        {
            bindings.Bind($"{i}", "a", 1);
        }

        Assert.Equal(SessionBindings.Most, bindings.Count);
        Assert.Null(bindings.Find($"{SessionBindings.Most}", 1));
        bindings.Bind("new", "b", 20);
        Assert.Equal((1, "b"), (bindings.Count, bindings.Find("new", 29)));
        Assert.Null(bindings.Find("new", 30));
    }

    private static int TwoTier(int prompt, long number, int cachedA, int activeA, int cachedB, int activeB)
    {
        var view = Views.Of(Large with { Running = activeA }, Large with { Running = activeB });
        view.ChangeOverlap()[0] = cachedA;
        view.ChangeOverlap()[1] = cachedB;
        var decision = new TwoTierPolicy().Choose(Views.Call(number, prompt), view);
        Assert.Equal(new TwoTierPolicy().Score(Views.Call(number, prompt), view, decision.Device), decision.Terms);
        return decision.Device;
    }

    private static BlockHash[] Chain(int root, int length)
    {
        var hash = BlockHash.Root($"{root}", "f16");
        return [.. Enumerable.Range(0, length).Select(i => hash = hash.Next([i]))];
    }

    private static FactoryView Of(ActiveBlocks active, params DeviceLoad[] loads) => Fill(new FactoryView { Now = 100, Active = active }, loads);

    private static FactoryView Bound(params DeviceLoad[] loads) =>
        Fill(new FactoryView { Now = 100, Sessions = new SessionBindings(300), Groups = new SessionBindings(300) }, loads);

    private static FactoryView Fill(FactoryView view, DeviceLoad[] loads)
    {
        for (var i = 0; i < loads.Length; i++)
        {
            view.Add(new DeviceState { Key = Views.Key(i), Profile = Views.Gpu, Load = loads[i], HeardAt = 100, Reachable = true });
        }

        return view;
    }

    private static void Hear(FactoryView view)
    {
        foreach (ref var device in view.Devices)
        {
            device.HeardAt = view.Now;
        }
    }

    private static void Load(FactoryView view, int first, int second)
    {
        view.Devices[0].Load = Large with { Running = first };
        view.Devices[1].Load = Large with { Running = second };
    }
}
