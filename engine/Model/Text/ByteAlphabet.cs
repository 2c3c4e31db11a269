namespace Crescent.Engine.Model.Text;

/// <summary>
/// The printable stand-ins for bytes in byte-level vocabularies (GPT-2): printable Latin-1 characters stand for themselves,
/// the other 68 bytes, in order, for U+0100 and up. Space is <c>Ġ</c>, newline is <c>Ċ</c>.
/// </summary>
internal static class ByteAlphabet
{
    private const int FirstStandIn = 0x100;
    private static readonly char[] Chars = MakeChars();
    private static readonly short[] Bytes = MakeBytes();

    /// <summary>The character that stands for a byte.</summary>
    public static char ToChar(byte value) => Chars[value];

    /// <summary>The bytes of a vocabulary entry; characters outside the alphabet give their UTF-8 form.</summary>
    public static byte[] ToBytes(string token)
    {
        var bytes = new List<byte>(token.Length);
        Span<byte> utf8 = stackalloc byte[4];
        foreach (var rune in token.EnumerateRunes())
        {
            if (rune.Value < Bytes.Length && Bytes[rune.Value] >= 0)
            {
                bytes.Add((byte)Bytes[rune.Value]);
            }
            else
            {
                bytes.AddRange(utf8[..rune.EncodeToUtf8(utf8)]);
            }
        }

        return [.. bytes];
    }

    private static char[] MakeChars()
    {
        var chars = new char[256];
        var next = FirstStandIn;
        for (var b = 0; b < chars.Length; b++)
        {
            var printable = b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            chars[b] = printable ? (char)b : (char)next++;
        }

        return chars;
    }

    private static short[] MakeBytes()
    {
        var bytes = new short[Chars.Max() + 1];
        Array.Fill(bytes, (short)-1);
        for (var b = 0; b < Chars.Length; b++)
        {
            bytes[Chars[b]] = (short)b;
        }

        return bytes;
    }
}
