using CsCheck;

namespace Crescent.Tests.Control.Power;

/// <summary>Any history of a factory whose network and governors are as bad as they may be.</summary>
public class PowerGovernorPropertyTests
{
    private static readonly Gen<(int Seed, (int Kind, int Pick)[] History)> Worlds =
        Gen.Select(Gen.Int[0, 1 << 20], Gen.Select(Gen.Int[0, 99], Gen.Int[0, 9999]).Array[100, 600]);

    [Fact]
    public void Caps_in_force_never_sum_up_to_more_than_a_budget()
    {
        var (taken, held) = (0, 0);
        Worlds.Sample(
            world =>
            {
                var factory = new PowerWorld(world.Seed);
                foreach (var (kind, pick) in world.History)
                {
                    factory.Do(kind, pick);
                    factory.Check();
                }

                Interlocked.Add(ref taken, factory.Taken);
                Interlocked.Add(ref held, factory.Held);
            },
            iter: 2000);
        Assert.True(taken > 10_000, $"Only {taken} orders were taken.");
        Assert.True(held > 100_000, $"Budgets had to hold {held} times only.");
    }
}
