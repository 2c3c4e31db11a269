using Crescent.GpuCheck.Device;

namespace Crescent.GpuCheck.Kernels;

/// <summary>Sums of what several GPUs have computed, all of it in one GPU's memory here.</summary>
internal static class PeerChecks
{
    private const string File = "peers.cu";
    private const int MostParts = 8;
    private const int Threads = 128;

    public static IReadOnlyList<KernelCheck> All { get; } = [new("add_parts", Add), new("join_slices", Join)];

    private static double Add(Gpu gpu, Seeded random)
    {
        int parts = random.Next(1, MostParts + 1), groups = random.Next(1, 600), accumulates = random.Next(2);
        var values = Enumerable.Range(0, parts).Select(_ => KernelCheck.Normal(random, 4 * groups)).ToArray();
        var memory = values.Select(part => gpu.Upload<float>(part)).ToArray();
        var before = KernelCheck.Normal(random, 4 * groups);

        // A sum may take the place of one of its parts.
        var inPlace = accumulates == 0 && random.Next(2) == 0 ? memory[random.Next(parts)] : null;
        using var y = gpu.Upload<float>(before);
        var target = inPlace ?? y;
        gpu.Launch(File, "add_parts", ((groups + Threads - 1) / Threads, 1), Threads, [target, .. Addresses(memory), parts, groups, accumulates]);
        var sums = gpu.Download<float>(target.Address, 4 * groups);
        for (var i = 0; i < sums.Length; i++)
        {
            var sum = values[0][i];
            for (var part = 1; part < parts; part++)
                sum += values[part][i];
            KernelCheck.Require(sums[i] == (accumulates == 1 ? before[i] + sum : sum), $"{parts} parts of {groups}: value {i} is not their sum in their order");
        }

        Array.ForEach(memory, static part => part.Dispose());
        return 0;
    }

    private static double Join(Gpu gpu, Seeded random)
    {
        int parts = random.Next(1, MostParts + 1), groups = random.Next(1, 600), accumulates = random.Next(2), slice = (groups + parts - 1) / parts;
        var values = Enumerable.Range(0, parts).Select(_ => KernelCheck.Normal(random, 4 * groups)).ToArray();
        var memory = values.Select(part => gpu.Upload<float>(part)).ToArray();
        var before = KernelCheck.Normal(random, 4 * groups);
        using var y = gpu.Upload<float>(before);
        gpu.Launch(File, "join_slices", ((slice + Threads - 1) / Threads, parts), Threads, [y, .. Addresses(memory), slice, groups, accumulates]);
        var joined = gpu.Download<float>(y.Address, 4 * groups);
        for (var i = 0; i < joined.Length; i++)
        {
            var value = values[i / 4 / slice][i];
            KernelCheck.Require(joined[i] == (accumulates == 1 ? before[i] + value : value), $"{parts} slices of {slice}: value {i} is another's");
        }

        Array.ForEach(memory, static part => part.Dispose());
        return 0;
    }

    private static object[] Addresses(GpuMemory[] memory) => [.. Enumerable.Range(0, MostParts).Select(part => part < memory.Length ? (object)memory[part] : 0ul)];
}
