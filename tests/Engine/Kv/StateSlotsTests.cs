using Crescent.Engine.Kv;
using CsCheck;

namespace Crescent.Tests.Engine.Kv;

public sealed class StateSlotsTests
{
    [Fact]
    public void Whatever_is_taken_kept_and_given_back_no_state_is_lost_or_had_twice()
    {
        Gen.Int[0, 5].Select(Gen.Int[0, 9]).Array[1, 80].Sample(
            steps =>
            {
                var slots = new StateSlots(5, new KvCopies());
                var held = new List<int>();
                foreach (var (what, which) in steps)
                {
                    switch (what)
                    {
                        case 0 or 1 when slots.CanTake:
                            held.Add(slots.Take(what == 0 ? null : Hash(which)));
                            break;
                        case 2 when held.Count > 0:
                            slots.Release(held[^1]);
                            held.RemoveAt(held.Count - 1);
                            break;
                        case 3 or 4 when held.Count > 0:
                            Assert.Equal(slots.Keep(Hash(which), held[0]), slots.Holds(Hash(which)));
                            break;
                        default:
                            slots.Drop(Hash(which));
                            Assert.False(slots.Holds(Hash(which)));
                            break;
                    }

                    slots.CheckIntegrity(held);
                }
            },
            iter: 2_000);
    }

    [Fact]
    public void A_sequence_that_takes_a_kept_state_gets_a_copy_and_the_least_used_goes_first()
    {
        var copies = new KvCopies();
        var slots = new StateSlots(3, copies);
        var first = slots.Take(null);
        Assert.True(slots.Keep(Hash(1), first));
        Assert.True(slots.Keep(Hash(2), first));
        slots.Release(first);
        slots.Take(Hash(1));
        Assert.Equal(3, copies.Count);

        // Both are kept and one is running: the next takes the place of the second, which nobody has used since.
        slots.Take(null);
        Assert.True(slots.Holds(Hash(1)));
        Assert.False(slots.Holds(Hash(2)));
    }

    private static BlockHash Hash(int number) => BlockHash.Root("test", "f16").Next([number]);
}
