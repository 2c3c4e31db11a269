using System.Globalization;
using Crescent.Client.Load.Measures;
using Crescent.Client.Load.Runs;
using Spectre.Console;

namespace Crescent.Client.Load.Reports;

/// <summary>A run as it goes on, for a human at a terminal.</summary>
internal static class LoadView
{
    private const int SparkSeconds = 40;
    private const string Sparks = "▁▂▃▄▅▆▇█";
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);

    /// <summary>Shows it until <paramref name="running"/> has ended.</summary>
    public static async Task Watch(IAnsiConsole console, LoadRun run, Timeline timeline, long mostScripts, double mostSeconds, StableStop? stable, Task running)
    {
        if (!console.Profile.Out.IsTerminal)
        {
            await running;
            return;
        }

        await console.Live(new Text("")).AutoClear(true).StartAsync(async view =>
        {
            while (await Task.WhenAny(running, Task.Delay(Period)) != running)
            {
                view.UpdateTarget(new Text(Lines(run, timeline, mostScripts, mostSeconds, stable?.Outcome)));
                view.Refresh();
            }
        });
        await running;
    }

    /// <summary>What is shown.</summary>
    internal static string Lines(LoadRun run, Timeline timeline, long mostScripts, double mostSeconds, StableOutcome? stable = null)
    {
        var measures = run.Measures;
        var seconds = run.Seconds;
        var share = Math.Max(mostScripts == long.MaxValue ? 0 : (double)run.Scripts / mostScripts, double.IsFinite(mostSeconds) ? seconds / mostSeconds : 0);
        var left = share is > 0 and < 1 ? seconds / share * (1 - share) : 0;
        var past = timeline.Seconds;
        var recent = past.Skip(Math.Max(0, past.Count - 6)).Take(5).ToList();
        var rate = recent.Count > 0 ? recent.Average(static second => second.Whole) : 0;
        var tokens = recent.Count > 0 ? recent.Average(static second => (double)second.Tokens) : 0;
        return string.Create(CultureInfo.InvariantCulture, $"""
            {100 * Math.Min(1, share):0} %, {seconds:0} s, some {left:0} s left: {measures.Ended:#,0} ended, {measures.InFlight:#,0} in flight, {measures.Failed:#,0} failed
            {rate:0.#} requests/s, {tokens:#,0} tokens/s, ttft p50 {measures.FirstIntended.Percentile(50) * 1000:0} ms, p99 {measures.FirstIntended.Percentile(99) * 1000:0} ms, itl p50 {measures.TokenGap.Percentile(50) * 1000:0.0} ms
            ttft {Spark([.. past.Skip(Math.Max(0, past.Count - SparkSeconds)).Select(static second => second.Firsts > 0 ? second.FirstIntended / second.Firsts : 0)])}
            {string.Join("  ", measures.Faults.Take(3).Select(static fault => $"{fault.Count} {RunDocument.Name(fault.End)}"))}
            {(stable is null ? "" : StableLines.Words(stable))}
            """);
    }

    /// <summary>Numbers as a line of bars, the largest as high as a line.</summary>
    internal static string Spark(IReadOnlyList<double> values)
    {
        var most = values.Count > 0 ? values.Max() : 0;
        return most <= 0 ? "" : string.Concat(values.Select(value => Sparks[(int)Math.Min(Sparks.Length - 1, value / most * Sparks.Length)]));
    }
}
