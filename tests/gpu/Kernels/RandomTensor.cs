using Crescent.Engine.Model.Gguf;

namespace Crescent.GpuCheck.Kernels;

/// <summary>Rows of any tensor type made of random bytes, every value finite and of a size as in models.</summary>
/// <param name="Bytes">As a file has them.</param>
/// <param name="Values">(rows, columns): what they mean.</param>
internal sealed record RandomTensor(byte[] Bytes, float[] Values)
{
    public static RandomTensor Of(GgmlType type, int rows, int columns, Random random)
    {
        var (length, size) = (GgmlTypes.BlockLength(type), GgmlTypes.BlockBytes(type));
        var bytes = new byte[(long)rows * columns / length * size];
        var values = new float[rows * columns];
        for (var block = 0; block < values.Length / length; block++)
        {
            var at = bytes.AsSpan(block * size, size);
            var to = values.AsSpan(block * length, length);
            do
            {
                random.NextBytes(at);
                if (type == GgmlType.MXFP4)
                    at[0] = (byte)random.Next(112, 132); // 2^-15 to 2^4
                Dequantizer.Dequantize(type, at, to);
            }
            while (!Sensible(to));
        }

        return new RandomTensor(bytes, values);
    }

    private static bool Sensible(ReadOnlySpan<float> values)
    {
        foreach (var value in values)
        {
            if (!(float.Abs(value) < 100f))
                return false;
        }

        return true;
    }
}
