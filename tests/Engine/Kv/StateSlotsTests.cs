using Crescent.Engine.Kv;
using CsCheck;

namespace Crescent.Tests.Engine.Kv;

public sealed class StateSlotsTests
{
    [Fact]
    public void Whatever_is_taken_kept_and_given_back_no_state_is_lost_or_had_twice()
    {
        Gen.Int[0, 7].Select(Gen.Int[0, 9]).Array[1, 80].Sample(
            steps =>
            {
                var slots = new StateSlots(5, new KvCopies());
                var (held, arriving, copies) = (new List<int>(), new HashSet<int>(), 0L);
                foreach (var (what, which) in steps)
                {
                    switch (what)
                    {
                        case 0 or 1 when slots.CanTake:
                            held.Add(slots.Take(what == 0 ? null : Hash(which)));
                            Assert.DoesNotContain(held[^1], arriving);
                            break;
                        case 2 when held.Count > 0:
                            slots.Release(held[^1]);
                            held.RemoveAt(held.Count - 1);
                            break;
                        case 3 or 4 when held.Count > 0:
                            Assert.Equal(slots.Keep(Hash(which), held[0], passed: what == 4), slots.Holds(Hash(which)));
                            break;
                        case 5 when held.Count > 0 && !arriving.Contains(held[0]):
                            slots.Expect(held[0], Hash(which), ++copies);
                            arriving.Add(held[0]);
                            break;
                        case 6:
                            while (slots.TryArrive(copies, out var arrived))
                            {
                                Assert.Contains(arrived.Slot, held);
                            }

                            arriving.Clear();
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

    [Fact]
    public void What_was_passed_by_is_given_up_first_until_it_is_used()
    {
        var givenUp = new List<BlockHash>();
        var slots = new StateSlots(4, new KvCopies()) { GivesUp = (name, _) => givenUp.Add(name) };
        var first = slots.Take(null);
        Assert.True(slots.Keep(Hash(1), first));
        Assert.True(slots.Keep(Hash(2), first, passed: true));
        Assert.True(slots.Keep(Hash(3), first, passed: true));
        slots.Release(slots.Take(Hash(2)));
        for (var next = 4; next < 7; next++)
        {
            Assert.True(slots.Keep(Hash(next), first));
        }

        Assert.Equal([StateSlots.NameOf(Hash(3)), StateSlots.NameOf(Hash(1)), StateSlots.NameOf(Hash(2))], givenUp);
    }

    private static BlockHash Hash(int number) => BlockHash.Root("test", "f16").Next([number]);
}
