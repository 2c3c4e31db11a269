using Crescent.Engine.Sampling;

namespace Crescent.Grains.Streams;

/// <summary>What has come of a stream and was not read yet; used again and again, so that a token allocates nothing. Its stream locks it.</summary>
internal sealed class StreamNews
{
    private const int FirstBytes = 64;

    private byte[] _text = [];
    private int _length;

    /// <summary>Tokens, in order.</summary>
    public List<int> Tokens { get; } = [];

    /// <summary>One for each token when the call asks for them.</summary>
    public List<TokenLogprobs> Logprobs { get; } = [];

    /// <summary>Text, in UTF-8.</summary>
    public ReadOnlyMemory<byte> Utf8 => _text.AsMemory(0, _length);

    /// <summary>Adds to the text.</summary>
    public void Append(ReadOnlySpan<byte> utf8)
    {
        if (_text.Length - _length < utf8.Length)
        {
            Array.Resize(ref _text, Math.Max(Math.Max(FirstBytes, 2 * _text.Length), _length + utf8.Length));
        }

        utf8.CopyTo(_text.AsSpan(_length));
        _length += utf8.Length;
    }

    public void Clear()
    {
        Tokens.Clear();
        Logprobs.Clear();
        _length = 0;
    }
}
