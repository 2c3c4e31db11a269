using System.CommandLine;
using System.Diagnostics;
using Crescent.Control.Kv;
using Crescent.Engine.Kv;

namespace Crescent.Bench;

/// <summary>
/// <c>index</c>: memory of the KV index, time to look a prompt of 32,768 tokens up in it, events a second.
/// </summary>
internal static class IndexCommand
{
    private const int PromptBlocks = 2048;
    private const int LookUps = 20_000;

    public static Command Create()
    {
        var devices = new Option<int>("--devices") { Description = "Devices.", DefaultValueFactory = _ => 1000 };
        var blocks = new Option<int>("--blocks") { Description = "Different blocks.", DefaultValueFactory = _ => 1 << 20 };
        var command = new Command("index", "Memory and times of the KV index.") { devices, blocks };
        command.SetAction(parse =>
        {
            var chains = Math.Max(1, parse.GetValue(blocks) / PromptBlocks);
            Measure("typical: a chain on 1 to 3 devices, the trunk on all", parse.GetValue(devices), chains, Typical);
            Measure("shared: every chain whole on 24 devices", parse.GetValue(devices), chains, Shared);
            Measure("worst: every chain on all devices, each ends elsewhere", parse.GetValue(devices), chains, Worst);
            Measure("pairs: as worst, and two end at each place", parse.GetValue(devices), chains, Pairs);
        });
        return command;
    }

    // How many leading blocks of a chain a device holds.
    private delegate int Share(int chain, int device, int devices);

    private static int Typical(int chain, int device, int devices) =>
        (device - (chain * 7 % devices) + devices) % devices < 1 + (chain % 3) ? PromptBlocks : 64;

    private static int Shared(int chain, int device, int devices) => (device - (chain * 7 % devices) + devices) % devices < 24 ? PromptBlocks : 0;

    private static int Worst(int chain, int device, int devices) => 1 + (int)((((uint)device * 2654435761u) ^ ((uint)chain * 40503u)) % PromptBlocks);

    // Where one device ends another does as well, so that the sum of the sets alone does not say which.
    private static int Pairs(int chain, int device, int devices) => Worst(chain, device / 2, devices);

    private static void Measure(string name, int devices, int chainCount, Share share)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var chains = Enumerable.Range(0, chainCount).Select(c => Chain(c, trunk: share == Typical ? 64 : 0)).ToArray();
        var hashes = GC.GetTotalMemory(forceFullCollection: true) - before;
        var index = new KvIndex(TimeProvider.System, devices, seed: 1);
        for (var device = 0; device < devices; device++)
        {
            index.AddDevice();
        }

        var (events, started) = (0L, Stopwatch.GetTimestamp());
        for (var chain = 0; chain < chainCount; chain++)
        {
            for (var device = 0; device < devices; device++)
            {
                var held = share(chain, device, devices);
                index.Stored(device, chains[chain].AsSpan(0, held));
                events += held;
            }
        }

        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var memory = GC.GetTotalMemory(forceFullCollection: true) - before - hashes;
        Console.WriteLine($"{name}: {index.Blocks:N0} blocks, {devices:N0} devices, {events:N0} events");
        Console.WriteLine($"  memory {memory / 1e6:F1} MB; stored {events / seconds / 1e6:F2} M events/s");
        MeasureLookUps(index, chains, share);
        MeasureChurn(index, chains, devices, share);
    }

    private static void MeasureLookUps(KvIndex index, BlockHash[][] chains, Share share)
    {
        var overlap = new int[index.DeviceLimit];
        var times = new double[LookUps];
        var allocated = 0L;
        for (var round = 0; round < 2; round++)
        {
            // The first round warms up.
            allocated = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < LookUps; i++)
            {
                // A stride that is no divisor of their number: each look-up meets a chain that has left the caches.
                var at = (int)(i * 7919L % chains.Length);
                var begun = Stopwatch.GetTimestamp();
                index.Overlap(chains[at], overlap);
                times[i] = Stopwatch.GetElapsedTime(begun).TotalMicroseconds;
                if (overlap[i % overlap.Length] != share(at, i % overlap.Length, overlap.Length))
                    throw new InvalidOperationException($"Device {i % overlap.Length} has an overlap of {overlap[i % overlap.Length]} with chain {at}.");
            }
        }

        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        Array.Sort(times);
        Console.WriteLine(
            $"  look-up of {PromptBlocks:N0} blocks: p50 {times[LookUps / 2]:F1} us, p99 {times[LookUps * 99 / 100]:F1} us, {allocated / (double)LookUps:F1} B");
    }

    private static void MeasureChurn(KvIndex index, BlockHash[][] chains, int devices, Share share)
    {
        var events = 0L;
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < 20_000; i++)
        {
            // The tail of what the device holds goes and comes back, as caches do.
            var (chain, device) = ((int)(i * 7919L % chains.Length), (int)(i * 104_729L % devices));
            var held = share(chain, device, devices);
            var tail = chains[chain].AsSpan(held / 2, (held / 2) > 100 ? 100 : held / 2);
            index.Evicted(device, tail);
            index.Stored(device, tail);
            events += 2 * tail.Length;
        }

        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        index.Reset(devices / 3);
        started = Stopwatch.GetTimestamp();
        index.Reset(devices / 2);
        Console.WriteLine(
            $"  evicted and stored {events / seconds / 1e6:F2} M events/s; reset of a device {Stopwatch.GetElapsedTime(started).TotalMicroseconds:F1} us");
    }

    private static BlockHash[] Chain(int number, int trunk)
    {
        var random = new Random(number);
        var chain = new BlockHash[PromptBlocks];
        for (var i = 0; i < chain.Length; i++)
        {
            chain[i] = i < trunk
                ? new BlockHash(new UInt128((ulong)i + 1, (ulong)(i + 1) * 0x9E3779B97F4A7C15))
                : new BlockHash(new UInt128((ulong)random.NextInt64(), (ulong)random.NextInt64()));
        }

        return chain;
    }
}
