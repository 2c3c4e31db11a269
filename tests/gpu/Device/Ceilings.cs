namespace Crescent.GpuCheck.Device;

/// <summary>What the card does at best, measured: the figures that others are held against.</summary>
internal static class Ceilings
{
    /// <summary>Bytes read and written a second by a copy within the device.</summary>
    public static double CopyBandwidth(Gpu gpu, bool small)
    {
        var bytes = small ? 1L << 20 : Math.Min(4L << 30, gpu.Memory.Free / 4);
        using var from = gpu.Allocate(bytes);
        using var to = gpu.Allocate(bytes);
        FillRandom(gpu, from);
        var milliseconds = Median(small ? 3 : 10, () => gpu.Time(() => gpu.Copy(to.Address, from.Address, bytes)));
        return 2 * bytes / (milliseconds * 1e-3);
    }

    /// <summary>Operations a second of the vendor's product of halves, of size (n, n, n).</summary>
    public static double ProductRate(Gpu gpu, Blas blas, int n)
    {
        using var w = gpu.Allocate(2L * n * n);
        using var x = gpu.Allocate(2L * n * n);
        using var y = gpu.Allocate(2L * n * n);
        FillHalves(gpu, w);
        FillHalves(gpu, x);
        var milliseconds = Median(7, () => gpu.Time(() => blas.Multiply(w.Address, x.Address, y.Address, n, n, n)));
        return 2.0 * n * n * n / (milliseconds * 1e-3);
    }

    /// <summary>The middle of several, after three that do not count.</summary>
    public static double Median(int count, Func<double> measure)
    {
        for (var i = 0; i < 3; i++)
            _ = measure();
        var all = Enumerable.Range(0, count).Select(_ => measure()).Order().ToArray();
        return all[count / 2];
    }

    /// <summary>Random bytes, the same 16 MB again and again.</summary>
    public static void FillRandom(Gpu gpu, GpuMemory memory)
    {
        var piece = new byte[Math.Min(memory.Bytes, 16 << 20)];
        new Random(1).NextBytes(piece);
        Repeat<byte>(gpu, memory, piece);
    }

    /// <summary>Random halves of deviation 1 / 8.</summary>
    public static void FillHalves(Gpu gpu, GpuMemory memory)
    {
        var random = new Random(1);
        var piece = new Half[Math.Min(memory.Bytes / 2, 1 << 20)];
        for (var i = 0; i < piece.Length; i++)
            piece[i] = (Half)((random.NextDouble() - 0.5) * 0.43);
        Repeat<Half>(gpu, memory, piece);
    }

    /// <summary>The same piece from the beginning to the end.</summary>
    public static unsafe void Repeat<T>(Gpu gpu, GpuMemory memory, ReadOnlySpan<T> piece)
        where T : unmanaged
    {
        gpu.Write(memory.Address, piece);
        for (var done = (long)piece.Length * sizeof(T); done < memory.Bytes; done *= 2)
            gpu.Copy(memory.Address + (ulong)done, memory.Address, Math.Min(done, memory.Bytes - done));
        gpu.Synchronize();
    }
}
