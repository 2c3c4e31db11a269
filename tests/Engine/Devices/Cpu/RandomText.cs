using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Tests.Engine.Devices.Cpu;

/// <summary>A text of 150 random tokens, the same ones each time.</summary>
internal static class RandomText
{
    /// <summary>The logits of its last 6 tokens by a device of so many threads: the prompt in chunks of 23, the other tokens one by one.</summary>
    public static List<float[]> Logits(string path, InstructionSet instructions, ActivationPrecision precision, KvType kv, int threads)
    {
        using var file = GgufFile.Open(path);
        var graph = Architecture.Read(file);
        using var device = new CpuDevice(
            graph,
            new CpuDeviceOptions { Threads = threads, InstructionSet = instructions, Activations = precision, KvType = kv, KvBlocks = 12 });
        var random = new Random(11);
        var tokens = Enumerable.Range(0, 150).Select(_ => random.Next(graph.Config.VocabularySize)).ToArray();
        var sequence = new DeviceSequence(device, 160);
        var logits = new List<float[]> { sequence.AppendChunked(tokens.AsSpan(0, 145).ToArray(), 23) };
        logits.AddRange(tokens.AsSpan(145).ToArray().Select(token => sequence.Append(token)));
        return logits;
    }
}
