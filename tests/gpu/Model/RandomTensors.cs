using System.Runtime.InteropServices;
using Crescent.Engine.Model.Gguf;

namespace Crescent.GpuCheck.Model;

/// <summary>Tensors of small models of random weights.</summary>
internal static class RandomTensors
{
    /// <summary>Writes random numbers: matrices keep the size of what they multiply, the head makes logits that lie well apart, decays are below 0.</summary>
    public static void Fill(TensorShape tensor, Stream file, Random random)
    {
        var count = tensor.Shape.Aggregate(1, static (product, extent) => product * extent);
        var isMatrix = tensor.Shape.Length > 1 && !tensor.Name.EndsWith(".bias", StringComparison.Ordinal);
        var deviation = isMatrix ? (tensor.Name == "output.weight" ? 4 : 1) / Math.Sqrt(tensor.Shape[0]) : 0.5;
        switch (tensor.Type)
        {
            case GgmlType.MXFP4:
                var bytes = new byte[tensor.Bytes];
                random.NextBytes(bytes);
                for (var at = 0; at < bytes.Length; at += GgmlTypes.BlockBytes(tensor.Type))
                    bytes[at] = (byte)(127 + Math.Round(Math.Log2(deviation / 2.9)));
                file.Write(bytes);
                break;
            case GgmlType.F16:
                file.Write(MemoryMarshal.AsBytes<Half>([.. Enumerable.Range(0, count).Select(_ => (Half)Number())]));
                break;
            default:
                var mean = tensor.Name.EndsWith("norm.weight", StringComparison.Ordinal) ? 1 : 0;
                var isDecay = tensor.Name.EndsWith("ssm_a", StringComparison.Ordinal);
                file.Write(MemoryMarshal.AsBytes<float>([.. Enumerable.Range(0, count).Select(_ => (float)(isDecay ? -Math.Abs(Number()) : mean + Number()))]));
                break;
        }

        // Twelve evenly spread numbers add up to nearly a normal one.
        double Number() => deviation * (Enumerable.Range(0, 12).Sum(_ => random.NextDouble()) - 6);
    }
}
