using System.Diagnostics;
using Crescent.Client.Load.Timing;

namespace Crescent.Client.Load.Runs;

/// <summary>Chunks a second while all places of a run are taken: from the end of its warm-up to when it begins no more calls. What comes while it fills and runs out is no load that anybody asked for.</summary>
internal static class SteadyRate
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(20);

    /// <summary>Counts; NaN where the run ended before.</summary>
    /// <param name="run">It.</param>
    /// <param name="from">s of the run.</param>
    /// <param name="to">s of the run, or when it is told that there are enough calls; its end is no steady state.</param>
    /// <param name="running">The run.</param>
    public static async Task<double> Watch(LoadRun run, double from, double to, Task running)
    {
        if (!await Until(run, from, running))
        {
            return double.NaN;
        }

        var (began, before) = (Stopwatch.GetTimestamp(), run.Caller.Chunks);
        if (!await Until(run, to, running))
        {
            return double.NaN;
        }

        return (run.Caller.Chunks - before) / PreciseClock.Seconds(Stopwatch.GetTimestamp() - began);
    }

    private static async Task<bool> Until(LoadRun run, double seconds, Task running)
    {
        while (run.Seconds < seconds && !run.Finished)
        {
            if (await Task.WhenAny(running, Task.Delay(Period)) == running)
            {
                // What was in flight when there were enough calls may end before the next look.
                return run.Finished;
            }
        }

        return true;
    }
}
