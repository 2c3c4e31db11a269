using System.Diagnostics;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Placement;
using Crescent.Grains.Streams;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Crescent.Bench.Scale;

/// <summary>Takes the figures of a cluster, one after the other.</summary>
internal static class ScaleMeasurement
{
    private const int Callers = 64;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public static async Task<ScaleFigures> Take(ScaleCluster cluster, TimeSpan time, CancellationToken stop)
    {
        var began = Stopwatch.GetTimestamp();
        await cluster.Start(stop);
        await Until(() => cluster.Hosts.TrueForAll(host => Ledger(host).Snapshot().Length == cluster.Devices), stop);
        var up = Stopwatch.GetElapsedTime(began).TotalSeconds;
        await Task.Delay(TimeSpan.FromSeconds(5), stop);
        var (cores, reports, bytes, ages) = await Rest(cluster, time, stop);
        var calls = await Calls(cluster.Hosts[0], time, stop);
        return new ScaleFigures(cluster.Devices, up, cores, reports, bytes, ages[ages.Count / 2], ages[(int)(0.99 * ages.Count)], calls, await Death(cluster, stop));
    }

    private static async Task<double> Death(ScaleCluster cluster, CancellationToken stop)
    {
        var name = cluster.Kill();
        var began = Stopwatch.GetTimestamp();
        await Until(() => cluster.Hosts.TrueForAll(host => !Lives(host, name)), stop);
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static bool Lives(IHost host, string name) =>
        host.Services.GetRequiredService<IClusterMembershipService>().CurrentSnapshot.Members.Values.Any(member => member.Name == name && member.Status == SiloStatus.Active);

    private static async Task<(double Cores, double Reports, double Bytes, List<double> Ages)> Rest(ScaleCluster cluster, TimeSpan time, CancellationToken stop)
    {
        using var process = Process.GetCurrentProcess();
        var (cpu, sent, began) = (process.TotalProcessorTime, CountedTelemetry.Sent, Stopwatch.GetTimestamp());
        var ages = new List<double>();
        while (Stopwatch.GetElapsedTime(began) < time)
        {
            await Task.Delay(500, stop);
            ages.AddRange(Ledger(cluster.Hosts[0]).Snapshot().Select(static d => d.AgeSeconds));
        }

        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        process.Refresh();
        var after = CountedTelemetry.Sent;
        ages.Sort();
        return ((process.TotalProcessorTime - cpu).TotalSeconds / seconds, (after.Reports - sent.Reports) / seconds, (after.Bytes - sent.Bytes) / seconds, ages);
    }

    private static async Task<double> Calls(IHost front, TimeSpan time, CancellationToken stop)
    {
        var (ended, began) = (0L, Stopwatch.GetTimestamp());
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(
            async () =>
            {
                for (var number = 0; Stopwatch.GetElapsedTime(began) < time; number++)
                {
                    var call = new InferenceRequest { RequestId = $"call-{caller}-{number}", Prompt = [.. Enumerable.Range(1, 16).Select(i => (i * 31) + caller + (number * 7 % 1000))], MaxTokens = 1 };
                    await foreach (var unused in front.Services.GetRequiredService<IGenerationService>().Generate(call, stop))
                    {
                    }

                    Interlocked.Increment(ref ended);
                }
            },
            stop)));
        return ended / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static PlacementLedger Ledger(IHost host) => host.Services.GetRequiredService<PlacementLedger>();

    private static async Task Until(Func<bool> condition, CancellationToken stop)
    {
        var began = Stopwatch.GetTimestamp();
        while (!condition())
        {
            await Task.Delay(20, stop);
            if (Stopwatch.GetElapsedTime(began) > Patience)
            {
                throw new TimeoutException($"Waited {Patience.TotalMinutes} min in vain.");
            }
        }
    }
}
