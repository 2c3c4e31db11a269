using Crescent.Engine.Scheduling;
using CsCheck;

namespace Crescent.Tests.Engine.Scheduling;

public sealed class GapHistogramTests
{
    [Fact]
    public void Who_always_pauses_for_ten_seconds_is_likely_to_come_back_then_and_not_much_later()
    {
        var all = new GapHistogram();
        var own = new GapHistogram();
        for (var i = 0; i < 50; i++)
        {
            own.Add(10);
        }

        Assert.True(all.Hazard(9, own) > 10 * all.Hazard(1, own));
        Assert.True(all.Hazard(9, own) > 10 * all.Hazard(100, own));
    }

    [Fact]
    public void What_all_do_is_expected_of_a_new_one_and_its_own_pauses_count_more_the_more_they_are()
    {
        var all = new GapHistogram();
        for (var i = 0; i < 200; i++)
        {
            all.Add(1);
        }

        var own = new GapHistogram();
        var before = all.Hazard(70, own);
        Assert.True(all.Hazard(1, null) > 0.5);
        for (var i = 0; i < 10; i++)
        {
            own.Add(100);
        }

        Assert.True(all.Hazard(70, own) > before);
        Assert.True(all.Hazard(1, own) < all.Hazard(1, null) / 2);
    }

    [Fact]
    public void Those_who_never_came_back_make_it_less_likely()
    {
        var (faithful, lost) = (new GapHistogram(), new GapHistogram());
        for (var i = 0; i < 20; i++)
        {
            faithful.Add(20);
            lost.Add(20);
            lost.AddNever();
        }

        Assert.True(lost.Hazard(20, null) < 0.6 * faithful.Hazard(20, null));
    }

    [Fact]
    public void The_chance_is_a_number_from_0_to_1_over_the_range_whatever_was_seen() =>
        Gen.Select(Gen.Double[0, 20_000].Array[0, 700], Gen.Double[0, 20_000]).Sample(static (pauses, age) =>
        {
            var (all, own) = (new GapHistogram(), new GapHistogram());
            foreach (var pause in pauses)
            {
                all.Add(pause);
                own.Add(pause / 2);
            }

            Assert.InRange(all.Hazard(age, own), 0, 4);
            Assert.True(GapHistogram.NextRange(age) > age);
        });
}
