namespace Crescent.Bench;

/// <summary>Logits as models give them.</summary>
internal static class SampleLogits
{
    /// <summary>
    /// Rows of normally distributed logits, standard deviation 2.5; in each of them 40 tokens below <paramref name="peaksBelow"/> stand out as they
    /// do where a model knows how to go on, unless it is 0.
    /// </summary>
    /// <returns>(rows, vocabulary).</returns>
    public static float[] Rows(int vocabulary, int rows, int peaksBelow)
    {
        var logits = GC.AllocateUninitializedArray<float>(vocabulary * rows, pinned: true);
        var random = new Random(1);

        // Sums of a few uniform numbers are near enough to normal and quick to make.
        for (var i = 0; i < logits.Length; i++)
        {
            var bits = (ulong)random.NextInt64();
            var sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48 & 0x7FFF) * 2;
            logits[i] = ((float)sum - 131_070) * (2.5f / 37_836);
        }

        for (var row = 0; peaksBelow > 0 && row < rows; row++)
        {
            for (var peak = 0; peak < 40; peak++)
            {
                logits[(row * vocabulary) + random.Next(peaksBelow)] = 20 - (0.25f * peak);
            }
        }

        return logits;
    }
}
