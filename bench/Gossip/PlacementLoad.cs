using System.Diagnostics;
using System.Globalization;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Placement;

namespace Crescent.Bench.Gossip;

/// <summary>Calls as a front end places them, one after the other, with some thousand under way.</summary>
internal static class PlacementLoad
{
    private const int Calls = 12_000;
    private const int WarmCalls = 3000;
    private const int Open = 4000;

    public static PlacementFigures Measure(GossipFactory factory, string name, int tokens, bool isQuiet)
    {
        var stop = new CancellationTokenSource();
        var reports = isQuiet ? null : new Thread(() => factory.ReportUntil(stop.Token));
        reports?.Start();
        var random = new Random(3);
        var prompts = Enumerable.Range(0, 64).Select(_ => factory.Prompt(tokens, random)).ToArray();
        var (refusing, placing, bytes) = (new List<double>(), new List<double>(), 0L);
        for (var i = 0; i < WarmCalls + Calls; i++)
        {
            var stream = (long)(i + 1) << 8;
            var needs = new PlacementNeeds
            {
                Stream = stream,
                PromptTokens = tokens,
                MaxTokens = 256,
                ExpectedTokens = 200,
                Priority = RequestPriority.Standard,
                RequestId = string.Create(CultureInfo.InvariantCulture, $"chatcmpl-{i}"),
                MayShed = true,
                Prefix = prompts[i % prompts.Length],
            };
            var before = GC.GetAllocatedBytesForCurrentThread();
            var began = Stopwatch.GetTimestamp();
            var refused = factory.Ledger.Refuse(needs);
            var between = Stopwatch.GetTimestamp();
            var placed = factory.Ledger.Place(needs, factory.Addresses);
            var ended = Stopwatch.GetTimestamp();
            if (refused is not null || placed is null)
            {
                throw new InvalidOperationException($"No device takes the call: {refused?.Message}");
            }

            if (i >= WarmCalls)
            {
                bytes += GC.GetAllocatedBytesForCurrentThread() - before;
                refusing.Add(Stopwatch.GetElapsedTime(began, between).TotalMicroseconds);
                placing.Add(Stopwatch.GetElapsedTime(between, ended).TotalMicroseconds);
            }

            factory.Ledger.Accepted(stream, new SubmissionReply { Device = factory.Ledger.DeviceOf(stream)!, Owner = placed, ReportSequence = 0 });
            factory.Ledger.Release(stream - ((long)Open << 8));
            if (isQuiet && i % 512 == 0)
            {
                // So that none goes stale.
                factory.ReportAll();
            }
        }

        for (var i = 0; i < WarmCalls + Calls; i++)
        {
            factory.Ledger.Release((long)(i + 1) << 8);
        }

        stop.Cancel();
        reports?.Join();
        return new PlacementFigures(name, isQuiet, Times.Of(refusing), Times.Of(placing), (double)bytes / placing.Count);
    }
}
