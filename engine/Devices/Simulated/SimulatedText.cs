using Crescent.Engine.Model.Text;

namespace Crescent.Engine.Devices.Simulated;

/// <summary>
/// The words a simulated device says: sentences of tokens of a real tokenizer, without meaning. The next token depends on the last one and its
/// position alone, so that a sequence that is resumed elsewhere goes on as it would have here.
/// </summary>
public sealed class SimulatedText
{
    /// <summary>Output tokens after which an answer ends of itself, on average.</summary>
    public const int DefaultMeanTokens = 256;

    private const int SentenceTokens = 12;

    private readonly int[] _words;
    private readonly int _stop = -1;
    private readonly int _end = -1;
    private readonly uint _sentences;

    /// <summary>Text of <paramref name="tokenizer"/>'s tokens.</summary>
    public SimulatedText(Tokenizer tokenizer, int meanTokens = DefaultMeanTokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(meanTokens, SentenceTokens);
        VocabularySize = tokenizer.VocabularySize;
        var words = new List<int>();
        var others = new List<int>();
        for (var token = 0; token < VocabularySize; token++)
        {
            if (tokenizer.IsEndOfGeneration(token))
            {
                _end = _end < 0 ? token : _end;
            }
            else if (!tokenizer.IsSpecial(token))
            {
                var bytes = tokenizer.TokenBytes(token);
                if (bytes is [(byte)'.'])
                {
                    _stop = token;
                }
                else if (IsWord(bytes))
                {
                    words.Add(token);
                }
                else if (bytes.Length > 0)
                {
                    others.Add(token);
                }
            }
        }

        _words = words.Count > 0 ? [.. words] : others.Count > 0 ? [.. others] : [0];
        _end = tokenizer.EndOfSequence ?? _end;
        _sentences = (uint)(meanTokens / SentenceTokens);
    }

    /// <summary>Tokens in the tokenizer's vocabulary.</summary>
    public int VocabularySize { get; }

    /// <summary>The token after <paramref name="token"/>, which stands at <paramref name="position"/>.</summary>
    public int Next(int token, int position)
    {
        var hash = Mix(((ulong)(uint)token << 32) | (uint)position);
        if (_stop < 0)
        {
            return _words[(int)((hash >> 32) * (uint)_words.Length >> 32)];
        }

        var choice = (uint)hash;
        if (token == _stop)
        {
            if (_end >= 0 && choice % _sentences == 0)
            {
                return _end;
            }
        }
        else if (choice % SentenceTokens == 0)
        {
            return _stop;
        }

        return _words[(int)((hash >> 32) * (uint)_words.Length >> 32)];
    }

    /// <summary>A space and small letters.</summary>
    private static bool IsWord(ReadOnlySpan<byte> bytes) =>
        bytes.Length > 1 && bytes[0] == ' ' && bytes[1..].IndexOfAnyExceptInRange((byte)'a', (byte)'z') < 0;

    // The finaliser of SplitMix64.
    private static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
