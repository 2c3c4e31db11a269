using System.Diagnostics;
using Crescent.Engine.Devices.Cpu.Threads;

namespace Crescent.Tests.Engine.Devices.Cpu.Threads;

public sealed class ComputeTeamTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void No_thread_passes_a_barrier_before_all_have_come_to_it(int threads)
    {
        using var team = new ComputeTeam(threads, "test");
        var work = new Phases(team, 200);
        for (var run = 0; run < 5; run++)
        {
            team.Run(work);
            Assert.Equal(0, work.Early);
            Assert.Equal(200 * threads, work.Done);
            work.Reset();
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1000)]
    public void Shares_cover_everything_once(int count)
    {
        using var team = new ComputeTeam(3, "test");
        var next = 0;
        for (var t = 0; t < 3; t++)
        {
            var (first, end) = team.Share(count, t);
            Assert.Equal(next, first);
            next = end;
        }

        Assert.Equal(count, next);
    }

    [Fact]
    public void An_idle_team_parks_and_wakes_again()
    {
        using var team = new ComputeTeam(4, "test");
        var work = new Phases(team, 3);
        for (var run = 0; run < 3; run++)
        {
            var waited = Stopwatch.StartNew();
            while (team.Parked < 3)
            {
                Assert.True(waited.Elapsed < TimeSpan.FromSeconds(30), "the threads of an idle team do not park");
                Thread.Yield();
            }

            team.Run(work);
            Assert.Equal(12, work.Done);
            work.Reset();
        }
    }

    private sealed class Phases(ComputeTeam team, int phases) : ITeamWork
    {
        private readonly int[] _phaseOf = new int[team.Count];

        public int Done;

        public int Early;

        public void Reset()
        {
            Array.Clear(_phaseOf);
            Done = Early = 0;
        }

        public void Run(int thread)
        {
            for (var phase = 1; phase <= phases; phase++)
            {
                Volatile.Write(ref _phaseOf[thread], phase);
                Interlocked.Increment(ref Done);
                team.Barrier();
                for (var t = 0; t < team.Count; t++)
                {
                    if (Volatile.Read(ref _phaseOf[t]) < phase)
                        Interlocked.Increment(ref Early);
                }
            }
        }
    }
}
