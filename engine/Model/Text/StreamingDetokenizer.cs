using System.Text;

namespace Crescent.Engine.Model.Text;

/// <summary>
/// Turns one sequence's tokens into text as they come, never half a character: bytes wait until they make a whole character or
/// cannot make one any more, in which case they become U+FFFD. All parts together equal <see cref="Tokenizer.Decode"/> of all
/// tokens. For one thread at a time.
/// </summary>
public sealed class StreamingDetokenizer(Tokenizer tokenizer)
{
    private const int LongestPart = 3;
    private const int OnStack = 512;
    private readonly byte[] _waiting = new byte[LongestPart];
    private int _waitingCount;

    /// <summary>The text that is certain once <paramref name="token"/> is there; empty for special tokens and parts of characters.</summary>
    public string Append(int token)
    {
        if (_waitingCount == 0 && tokenizer.TokenText(token) is { } text)
        {
            return text;
        }

        var bytes = tokenizer.TokenBytes(token);
        var length = _waitingCount + bytes.Length;
        var joined = length <= OnStack ? stackalloc byte[length] : new byte[length];
        _waiting.AsSpan(0, _waitingCount).CopyTo(joined);
        bytes.CopyTo(joined[_waitingCount..]);

        _waitingCount = UnfinishedTail(joined);
        joined[^_waitingCount..].CopyTo(_waiting);
        return Encoding.UTF8.GetString(joined[..^_waitingCount]);
    }

    /// <summary>What still waits, as U+FFFD, or nothing; the detokeniser is then as new.</summary>
    public string Flush()
    {
        var text = Encoding.UTF8.GetString(_waiting.AsSpan(0, _waitingCount));
        _waitingCount = 0;
        return text;
    }

    /// <summary>How many of the last bytes are the beginning of a character that may still be completed: 0 to 3.</summary>
    private static int UnfinishedTail(ReadOnlySpan<byte> bytes)
    {
        for (var count = 1; count <= Math.Min(LongestPart, bytes.Length); count++)
        {
            if (Rune.DecodeFromUtf8(bytes[^count..], out _, out _) == System.Buffers.OperationStatus.NeedMoreData)
            {
                return count;
            }
        }

        return 0;
    }
}
