using Crescent.Client.Load.Draws;
using Crescent.Client.Load.Wire;

namespace Crescent.Client.Load.Prompts;

/// <summary>Goes through the words of a prompt's parts, by tokens: where a stretch ends is where the next begins, also within a part.</summary>
internal ref struct PromptCursor(ReadOnlySpan<PromptPart> parts, double tokensPerWord, long seed)
{
    private readonly ReadOnlySpan<PromptPart> _parts = parts;
    private int _part;
    private double _at;
    private int _word;
    private SeededStream _stream;
    private ulong _bits;
    private int _left;

    /// <summary>Goes over the next so many tokens.</summary>
    /// <param name="tokens">How many.</param>
    /// <param name="into">Takes their words; null for nobody.</param>
    /// <returns>Words.</returns>
    public int Move(double tokens, RequestBuffer? into)
    {
        var words = 0;
        while (tokens > 0 && _part < _parts.Length)
        {
            var part = _parts[_part];
            if (_at == 0)
            {
                (_stream, _left, _word) = (new SeededStream(seed, DrawPurpose.Content, (long)part.Content), 0, 0);
            }

            var step = Math.Min(tokens, part.Tokens - _at);
            _at += step;
            tokens -= step;
            var until = (int)Math.Round(_at / tokensPerWord);
            words += until - _word;
            for (; _word < until; _word++)
            {
                Word(into);
            }

            if (_at >= part.Tokens)
            {
                _part++;
                _at = 0;
            }
        }

        return words;
    }

    // Eight words of each 64 bits.
    private void Word(RequestBuffer? into)
    {
        if (_left == 0)
        {
            (_bits, _left) = (_stream.Next(), 8);
        }

        into?.Add(PromptWords.At((int)(_bits & 0xFF) % PromptWords.Count));
        _bits >>= 8;
        _left--;
    }
}
