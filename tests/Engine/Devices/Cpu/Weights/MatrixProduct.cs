using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Devices.Cpu.Weights;
using Crescent.Engine.Simd;

namespace Crescent.Tests.Engine.Devices.Cpu.Weights;

/// <summary>Random activations and what they stand for.</summary>
internal static unsafe class MatrixProduct
{
    /// <summary>Rows for <paramref name="matrix"/>, each ten times as large as the one before.</summary>
    public static ActivationRows Activations(WeightMatrix matrix, int tokens)
    {
        var activations = new ActivationRows(tokens, matrix.Columns, matrix.Format);
        using var row = NativeBuffer.OfFloats(matrix.Columns);
        var random = new Random(7);
        for (var t = 0; t < tokens; t++)
        {
            for (var i = 0; i < matrix.Columns; i++)
                row.Floats[i] = (float)((random.NextDouble() - 0.5) * Math.Pow(10, t - 5));
            activations.Write<Lanes128>(matrix.Format, t, row.Floats, matrix.Columns);
        }

        return activations;
    }

    /// <summary>All products (16, tokens, panels) with these activations.</summary>
    public static float[] Of(WeightMatrix matrix, int tokens)
    {
        using var activations = Activations(matrix, tokens);
        using var scratch = NativeBuffer.OfFloats(matrix.Columns * 17L);
        using var output = NativeBuffer.OfFloats((long)tokens * 16 * matrix.Panels);
        var rows = stackalloc int[tokens];
        for (var t = 0; t < tokens; t++)
            rows[t] = t;
        matrix.Multiply(
            0, matrix.Panels, activations.Data(matrix.Format), ActivationRows.Stride(matrix.Format, matrix.Columns), rows, tokens, output.Floats,
            scratch.Floats);
        return new Span<float>(output.Floats, tokens * 16 * matrix.Panels).ToArray();
    }

    /// <summary>The values that a row of activations stands for.</summary>
    public static double[] Read(ActivationFormat format, byte* row, int columns)
    {
        var values = new double[columns];
        var bytes = ActivationRows.BlockBytes(format);
        for (var i = 0; i < columns; i++)
        {
            var block = row + (i / 32 * bytes);
            values[i] = format switch
            {
                ActivationFormat.Floats => ((float*)row)[i],
                ActivationFormat.Bytes => ((sbyte*)block)[i % 32] * (double)*(float*)(block + 32),
                _ => ((short*)block)[Place(i % 32)] * (double)*(float*)(block + 64),
            };
        }

        return values;
    }

    // Words 1 and 2 of each four have changed places.
    public static int Place(int number) => (number % 4) switch
    {
        1 => number + 1,
        2 => number - 1,
        _ => number,
    };
}
