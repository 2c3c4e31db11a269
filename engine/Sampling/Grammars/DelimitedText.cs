namespace Crescent.Engine.Sampling.Grammars;

/// <summary>Texts that stand as they are, up to what closes them.</summary>
internal static class DelimitedText
{
    /// <summary>The rule of any text up to <paramref name="closing"/>, with that: a state for each beginning of the closing that the text may end with.</summary>
    public static int Rule(ByteNetwork network, byte[] closing)
    {
        var start = network.BeginRule(out var rule);
        int[] states = [start, .. Enumerable.Range(0, closing.Length).Select(_ => network.Add())];
        for (var state = 0; state < closing.Length; state++)
        {
            foreach (var c in Enumerable.Range(' ', 0x7F - ' ').Append('\n').Append('\t'))
            {
                network.Bytes(states[state], (byte)c, (byte)c, states[After(closing, state, (byte)c)]);
            }

            // A mark of its own is no character.
            if (closing[state] >= 0x80)
            {
                network.Bytes(states[state], closing[state], closing[state], states[state + 1]);
            }

            Utf8Ranges.Append(network, states[state], 0x80, 0xD7FF, start);
            Utf8Ranges.Append(network, states[state], 0xE000, 0x10FFFF, start);
        }

        network.EndRule(states[^1]);
        return rule;
    }

    /// <summary>How much of the closing a text ends with that ended with <paramref name="state"/> bytes of it, and goes on with <paramref name="c"/>.</summary>
    private static int After(byte[] closing, int state, byte c)
    {
        byte[] text = [.. closing[..state], c];
        for (var length = Math.Min(text.Length, closing.Length); length > 0; length--)
        {
            if (text.AsSpan().EndsWith(closing.AsSpan(0, length)))
            {
                return length;
            }
        }

        return 0;
    }
}
