using System.Runtime.Intrinsics;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Bench;

/// <summary>What reading all weights once for each token allows: the bound of decoding one sequence.</summary>
internal static class MemoryLimit
{
    private const long Bytes = 256L << 20; // each thread, far more than caches hold
    private const int Passes = 5;

    /// <summary>Bytes a second that some threads read from memory at once; the best of a few passes.</summary>
    public static double BytesPerSecond(int threads)
    {
        using var barrier = new Barrier(threads + 1);
        var workers = Enumerable.Range(0, threads).Select(_ => new Thread(() => Read(barrier))).ToList();
        workers.ForEach(static worker => worker.Start());
        var best = 0.0;
        for (var pass = 0; pass < Passes; pass++)
        {
            barrier.SignalAndWait();
            var start = TimeProvider.System.GetTimestamp();
            barrier.SignalAndWait();
            best = Math.Max(best, Bytes * threads / TimeProvider.System.GetElapsedTime(start).TotalSeconds);
        }

        workers.ForEach(static worker => worker.Join());
        return best;
    }

    /// <summary>Bytes of the weights that a token needs, in the file: of an embedding that is not the head as well it needs a row.</summary>
    public static long WeightBytes(GgufFile file)
    {
        var all = file.Tensors.Values.Sum(static tensor => tensor.ByteLength);
        return file.Tensors.ContainsKey("output.weight") && file.Tensors.TryGetValue("token_embd.weight", out var embedding) ? all - embedding.ByteLength : all;
    }

    private static void Read(Barrier barrier)
    {
        var memory = new Vector512<long>[Bytes / 64];
        Array.Fill(memory, Vector512<long>.One);
        for (var pass = 0; pass < Passes; pass++)
        {
            barrier.SignalAndWait();
            Vector512<long> a = default, b = default, c = default, d = default;
            for (var i = 0; i + 4 <= memory.Length; i += 4)
            {
                a += memory[i];
                b += memory[i + 1];
                c += memory[i + 2];
                d += memory[i + 3];
            }

            GC.KeepAlive(a + b + c + d);
            barrier.SignalAndWait();
        }
    }
}
