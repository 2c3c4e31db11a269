using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>Strings of JSON documents as text.</summary>
public static class JsonText
{
    /// <summary>
    /// Sees that all strings of a document, names too, can be read: an escaped half of a surrogate pair is JSON but no text, and the document
    /// throws only when such a string is read.
    /// </summary>
    /// <exception cref="JsonException">One cannot.</exception>
    public static void Check(JsonElement element)
    {
        if (!IsReadable(element))
        {
            throw new JsonException("A string holds half of a surrogate pair.");
        }
    }

    /// <summary>What is wrong with a text that is to be JSON, and where, for people who know nothing of who reads it.</summary>
    public static string Say(Exception fault)
    {
        var text = fault.Message;
        foreach (var end in (ReadOnlySpan<string>)[" Change the reader options.", " Path: ", " LineNumber: "])
        {
            var at = text.IndexOf(end, StringComparison.Ordinal);
            text = at < 0 ? text : text[..at];
        }

        return fault is JsonException { LineNumber: { } line, BytePositionInLine: { } position }
            ? string.Create(CultureInfo.InvariantCulture, $"{text.TrimEnd('.', ' ')}, in line {line + 1} at byte {position + 1}.")
            : text;
    }

    /// <summary>
    /// Bytes of UTF-8 that a string has at least without its white space: escapes count nothing, nor do the characters among which white space is. Nothing is copied.
    /// </summary>
    /// <param name="raw">The string as it stands in valid JSON.</param>
    public static long SolidBytes(ReadOnlySpan<byte> raw)
    {
        long solid = 0;
        for (var i = 0; i < raw.Length;)
        {
            var value = raw[i];
            if (value == (byte)'\\')
            {
                i += raw[i + 1] == (byte)'u' ? 6 : 2;
            }
            else if (value is 0xc2 or (>= 0xe1 and <= 0xe3))
            {
                i += value == 0xc2 ? 2 : 3;
            }
            else
            {
                solid += value > (byte)' ' ? 1 : 0;
                i++;
            }
        }

        return solid;
    }

    private static bool IsReadable(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => IsReadable(JsonMarshal.GetRawUtf8Value(element)),
        JsonValueKind.Array => AreReadable(element.EnumerateArray()),
        JsonValueKind.Object => AreReadable(element.EnumerateObject()),
        _ => true,
    };

    private static bool AreReadable(JsonElement.ArrayEnumerator items)
    {
        foreach (var item in items)
        {
            if (!IsReadable(item))
            {
                return false;
            }
        }

        return true;
    }

    private static bool AreReadable(JsonElement.ObjectEnumerator properties)
    {
        foreach (var property in properties)
        {
            if (!IsReadable(JsonMarshal.GetRawUtf8PropertyName(property)) || !IsReadable(property.Value))
            {
                return false;
            }
        }

        return true;
    }

    // Strings of megabytes are looked at where they lie: as text each would be copied, to twice its length.
    private static bool IsReadable(ReadOnlySpan<byte> raw)
    {
        for (int at; (at = raw.IndexOf((byte)'\\')) >= 0;)
        {
            raw = raw[at..];
            if (raw[1] != (byte)'u')
            {
                raw = raw[2..];
                continue;
            }

            var unit = Unit(raw);
            raw = raw[6..];
            if (char.IsLowSurrogate(unit))
            {
                return false;
            }

            if (char.IsHighSurrogate(unit))
            {
                if (!raw.StartsWith("\\u"u8) || !char.IsLowSurrogate(Unit(raw)))
                {
                    return false;
                }

                raw = raw[6..];
            }
        }

        return true;
    }

    /// <summary>The unit of UTF-16 that <paramref name="escape"/> begins with.</summary>
    private static char Unit(ReadOnlySpan<byte> escape) =>
        (char)ushort.Parse(escape.Slice(2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
