using Crescent.Control.Placement;
using CsCheck;

namespace Crescent.Tests.Control.Placement;

public sealed class PlacementBookTests
{
    private readonly PlacementBook _book = new(new LeastQueuePolicy(), new FactoryView());

    [Fact]
    public void A_burst_is_spread_by_reservations_alone()
    {
        Report(0, 1, Views.Idle with { Running = 2 });
        Report(1, 1, Views.Idle);
        for (var i = 1; i <= 10; i++)
        {
            _book.Place(Views.Call(i), i);
        }

        Assert.Equal([4, 6], _book.View.Devices.ToArray().Select(static d => d.Reserved));
        for (var i = 1; i <= 10; i++)
        {
            Assert.True(_book.Release(i));
        }

        AssertNothingReserved(_book);
    }

    [Fact]
    public void A_call_stops_counting_twice_once_a_later_report_counts_it()
    {
        Report(0, 1, Views.Idle);
        _book.Place(Views.Call(), 7);
        _book.Accept(7, Views.Key(0), 3);
        Report(0, 3, Views.Idle);
        Assert.Equal((1, 1), Counts());
        Report(0, 4, Views.Idle with { Running = 1 });
        Assert.Equal((1, 0), Counts());
        _book.Release(7);
        Assert.Equal((0, 0), Counts());

        (int Reserved, int Unseen) Counts() => (_book.View.Devices[0].Reserved, _book.View.Devices[0].UnseenCalls);
    }

    [Theory]
    [InlineData(8, 3)]
    [InlineData(3, 2)]
    [InlineData(1, 0)]
    public void What_one_of_several_front_ends_places_stands_for_what_the_others_do(int fronts, int others)
    {
        // Of four calls that come to the device one is placed here.
        var book = Book(new PowerAwarePolicy(), fronts);
        Serve(book, 40, 4);
        book.Place(Views.Call(100, prompt: 1000), 100);
        Assert.Equal((1, others, 1000, 1000 * others), Unseen(book));

        // Others' calls close no device, whatever this one takes them to be: what is known to wait does.
        Assert.Equal(1, book.View.Forecasts[0].Queued);
        Assert.Equal(1 + others, book.View.Forecasts[0].Batch);

        // What it stood for when it was placed goes with it, whatever it would stand for now.
        book.View.Now += 100;
        book.Report(Views.Key(0), Views.Gpu, book.View.Devices[0].Load, 1000);
        book.Release(100);
        Assert.Equal((0, 0, 0, 0), Unseen(book));
    }

    [Fact]
    public void Others_are_not_guessed_by_few_calls_nor_where_a_policy_does_not_count_them()
    {
        // A front end that has rested in a busy cluster: all that comes is others'.
        var rested = Book(new PowerAwarePolicy(), 8);
        Serve(rested, 7, 100);
        rested.Place(Views.Call(100, prompt: 1000), 100);
        Assert.Equal((1, 0, 1000, 0), Unseen(rested));
        var blind = Book(new LeastQueuePolicy(), 8);
        Serve(blind, 40, 4);
        blind.Place(Views.Call(100, prompt: 1000), 100);
        Assert.Equal((1, 0, 1000, 0), Unseen(blind));
    }

    private static PlacementBook Book(IPlacementPolicy policy, int fronts)
    {
        var book = new PlacementBook(policy, new FactoryView { Now = 100 }) { Fronts = fronts };
        book.Report(Views.Key(0), Views.Gpu, Views.Idle, 1);
        return book;
    }

    /// <summary>Places calls, of which <paramref name="times"/> as many come to the device.</summary>
    private static void Serve(PlacementBook book, int calls, int times)
    {
        for (var i = 1; i <= calls; i++)
        {
            book.Place(Views.Call(i, prompt: 1000), i);
            book.Accept(i, Views.Key(0), i);
            book.View.Now += 0.25;
            book.Report(Views.Key(0), Views.Gpu, Views.Idle with { ComputedPromptSeconds = i * times * Views.Gpu.PromptTime(1000) }, i + 1);
            book.Settle();
            book.Release(i);
        }
    }

    private static (int Calls, int Others, int Tokens, long OthersTokens) Unseen(PlacementBook book)
    {
        ref readonly var device = ref book.View.Devices[0];
        return (device.UnseenCalls, device.OthersCalls, device.UnseenPromptTokens, device.OthersPromptTokens);
    }

    [Fact]
    public void A_call_that_was_kept_by_its_prompt_is_not_moved_away_from_it()
    {
        var book = new PlacementBook(new PowerAwarePolicy(), Views.Of(Long(35_000), Long(0)));
        foreach (ref var device in book.View.Devices)
        {
            device.PromptShare = 0.9;
        }

        book.View.Refresh(0);
        book.View.Refresh(1);
        for (var i = 0; i < 8; i++)
        {
            book.View.Flows.Of(null).Learn(0.05);
        }

        book.View.ChangeOverlap()[0] = 1240;
        Assert.Equal(0, book.Place(Views.Call(1, prompt: 20_000), 1).Device);
        var other = book.Elsewhere(1, 64, mayReturn: true, out _, out var present);
        Assert.True(other.Terms.Score > present, $"{other.Terms} against {present}");

        static DeviceLoad Long(int queued) =>
            Views.Idle with { Running = 10, QueuedPromptTokens = queued, FreeBlocks = 20_000, TotalBlocks = 30_000, MaxContext = 100_000 };
    }

    [Theory]
    [InlineData(0)]
    [InlineData(120)]
    public void A_call_that_waits_alone_gains_nothing_elsewhere(int cached)
    {
        var book = new PlacementBook(new PowerAwarePolicy(), Views.Of(Views.Idle, Views.Idle));
        book.View.ChangeOverlap()[0] = cached;
        var call = Views.Call(prompt: 2000);
        Assert.Equal(0, book.Place(call, 1).Device);
        var uncached = 2000 - (16 * cached);
        book.Accept(1, Views.Key(0), 4);
        var load = Views.Idle with
        {
            Waiting = 1,
            QueuedPromptTokens = uncached,
            QueuedPromptSeconds = Views.Gpu.PromptTime(uncached, 16 * cached),
        };
        book.Report(Views.Key(0), Views.Gpu, load, 5);
        book.Settle();
        var elsewhere = book.Elsewhere(1, call.MaxTokens, mayReturn: true, out _, out var present);
        Assert.Equal(1, elsewhere.Device);
        Assert.True(present <= elsewhere.Terms.Score + 1e-9, $"{present} against {elsewhere.Terms.Score}");
        Assert.Equal(cached > 0, present < elsewhere.Terms.Score - 0.5);
        Assert.Equal(load, book.View.Devices[0].Load);
    }

    [Theory]
    [InlineData(0, 12, 0, false)]
    [InlineData(12, 0, 0, true)]
    [InlineData(12, 0, 12, false)]
    [InlineData(12, 12, 11, false)]
    public void A_call_that_waits_leaves_for_what_is_before_it_and_not_for_what_has_come_behind_it(int before, int behind, int computed, bool leaves)
    {
        var each = Views.Gpu.PromptTime(6000);
        var book = new PlacementBook(new PowerAwarePolicy(), Views.Of(Queue(before, 0), Queue(14, 0)));
        var call = Views.Call(prompt: 6000);
        Assert.Equal(0, book.Place(call, 1).Device);
        book.Accept(1, Views.Key(0), 4);
        book.Report(Views.Key(0), Views.Gpu, Queue(before - computed + 1 + behind, computed), 5);
        book.Report(Views.Key(1), Views.Gpu, Queue(0, 14), 5);
        book.Settle();
        Assert.Equal(leaves, DeviceExits.Move(book, 1, Views.Key(0), call.MaxTokens, PlacementGate.Open, DeviceExits.DefaultMargin) > 0);
        Assert.Equal(Views.Key(leaves ? 1 : 0), book.DeviceOf(1));

        DeviceLoad Queue(int waiting, int done) => Views.Idle with
        {
            Waiting = waiting,
            QueuedPromptTokens = waiting * 6000,
            QueuedPromptSeconds = waiting * each,
            ComputedPromptTokens = done * 6000,
            ComputedPromptSeconds = done * each,
            TotalBlocks = 10_000,
            FreeBlocks = 10_000,
        };
    }

    [Theory]
    [InlineData(0.5, false)]
    [InlineData(null, true)]
    public void Only_a_call_that_has_to_leave_goes_back_to_what_it_has_avoided(double? margin, bool leaves)
    {
        var queue = Views.Idle with { Waiting = 12, QueuedPromptTokens = 72_000, QueuedPromptSeconds = 12 * Views.Gpu.PromptTime(6000), TotalBlocks = 10_000, FreeBlocks = 10_000 };
        var book = new PlacementBook(new PowerAwarePolicy(), Views.Of(queue, queue with { Waiting = 0, QueuedPromptTokens = 0, QueuedPromptSeconds = 0 }));
        Assert.Equal(0, book.Place(Views.Call(prompt: 6000, avoid: Views.Key(1)), 1).Device);
        Assert.Equal(leaves, DeviceExits.Move(book, 1, Views.Key(0), 64, PlacementGate.Open, margin) is not null);
        book.Charge(Views.Call(prompt: 6000), 1, 0);
        Assert.NotNull(DeviceExits.Move(book, 1, Views.Key(0), 64, PlacementGate.Open, margin));
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(12, true)]
    public void What_others_are_taken_to_have_placed_before_a_call_is_before_it(int fronts, bool leaves)
    {
        var book = Book(new PowerAwarePolicy(), fronts);
        Serve(book, 40, 12);
        book.Report(Views.Key(1), Views.Gpu, Views.Idle with { TotalBlocks = 10_000, FreeBlocks = 10_000 }, 1);
        book.View.Now += 1;
        var call = Views.Call(prompt: 6000);
        var (computed, each) = (book.View.Devices[0].Load.ComputedPromptSeconds, Views.Gpu.PromptTime(6000));
        book.Charge(call, 101, 0);
        book.Charge(call, 102, 0);
        book.Accept(101, Views.Key(0), 100);
        book.Accept(102, Views.Key(0), 100);
        book.Report(
            Views.Key(0), Views.Gpu, Views.Idle with { Waiting = 24, QueuedPromptTokens = 24 * 6000, QueuedPromptSeconds = 24 * each, ComputedPromptSeconds = computed, TotalBlocks = 10_000, FreeBlocks = 10_000 }, 101);
        book.Settle();
        Assert.Equal(leaves, DeviceExits.Move(book, 102, Views.Key(0), 64, PlacementGate.Open, DeviceExits.DefaultMargin) is not null);
    }

    [Fact]
    public void What_calls_will_draw_is_reserved_at_their_level_until_reports_show_it()
    {
        var level = new PowerLevel { BudgetWatts = 1000 };
        var book = new PlacementBook(new PowerAwarePolicy(), Views.Of(Views.Idle));
        book.Assign(0, null, level, null, null);
        book.Place(Views.Call(), 1);
        Assert.InRange(level.ReservedWatts, 100, 700);
        book.Accept(1, Views.Key(0), 4);
        book.Report(Views.Key(0), Views.Gpu, Views.Idle with { Running = 1, Watts = 300 }, 5);
        book.Settle();
        Assert.Equal(0, level.ReservedWatts, 9);
        Assert.Equal(300, level.Watts, 9);
    }

    [Fact]
    public void A_profile_that_is_learned_anew_is_no_burst_of_prompts()
    {
        Report(0, 1, Views.Idle with { ComputedPromptTokens = 10_000_000 });
        _book.View.Now += 0.25;
        _book.Report(Views.Key(0), Views.Gpu with { PromptSeconds = Views.Gpu.PromptSeconds * 1.1 }, Views.Idle with { ComputedPromptTokens = 10_000_000 }, 2);
        Assert.Equal(0, _book.View.Devices[0].BurstShare);
    }

    [Fact]
    public void However_calls_come_and_go_nothing_is_reserved_when_all_have_ended() => Gen.Select(Gen.Int[0, 5], Gen.Int[1, 12], Gen.Int[0, 3]).Array[1, 80].Sample(steps =>
    {
        var book = new PlacementBook(new PowerAwarePolicy(), new FactoryView());
        var level = new PowerLevel { BudgetWatts = 5000 };
        var sequence = 0L;
        foreach (var (kind, id, device) in steps)
        {
            switch (kind)
            {
                case 0 or 1:
                    book.Place(Views.Call(id), id);
                    break;
                case 2:
                    book.Accept(id, Views.Key(device), sequence);
                    break;
                case 3:
                    book.Release(id);
                    break;
                case 4:
                    Tell(device);
                    break;
                default:
                    book.Remove(d => d.Key == Views.Key(device));
                    break;
            }
        }

        for (var id = 1; id <= 12; id++)
        {
            book.Release(id);
        }

        AssertNothingReserved(book);
        Assert.Equal(0, level.ReservedWatts, 6);
        Assert.Equal(book.View.Devices.Length * Views.Idle.Watts, level.Watts, 6);

        void Tell(int device)
        {
            book.Report(Views.Key(device), Views.Gpu, Views.Idle, ++sequence);
            book.Assign(book.View.IndexOf(Views.Key(device)), null, null, null, level);
            book.Settle();
        }
    });

    private static void AssertNothingReserved(PlacementBook book)
    {
        Assert.Equal(0, book.Count);
        Assert.All(book.View.Devices.ToArray(), static d => Assert.Equal(
            (0, 0, 0, 0, 0), (d.Reserved, d.UnseenCalls, d.UnseenPromptTokens, d.UnseenNewBlocks, d.UnseenBlocks)));
        Assert.All(book.View.Devices.ToArray(), static d => Assert.Equal(0, d.UnseenWatts, 6));
    }

    private void Report(int device, long sequence, DeviceLoad load)
    {
        Assert.True(_book.Report(Views.Key(device), Views.Gpu, load, sequence));
        _book.Settle();
    }
}
