using System.Numerics;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>A set of tokens, kept as a list while it is small and as one bit for each token of the vocabulary where that is less.</summary>
internal sealed class TokenMask
{
    private readonly int[]? _tokens;
    private readonly ulong[]? _bits;

    /// <param name="bits">One bit for each token; not kept.</param>
    public TokenMask(ReadOnlySpan<ulong> bits)
    {
        foreach (var word in bits)
        {
            Count += BitOperations.PopCount(word);
        }

        if (Count * sizeof(int) >= bits.Length * sizeof(ulong))
        {
            _bits = bits.ToArray();
            return;
        }

        _tokens = new int[Count];
        var at = 0;
        for (var word = 0; word < bits.Length; word++)
        {
            for (var rest = bits[word]; rest != 0; rest &= rest - 1)
            {
                _tokens[at++] = (word * 64) + BitOperations.TrailingZeroCount(rest);
            }
        }
    }

    /// <summary>Tokens in the set.</summary>
    public int Count { get; }

    /// <summary>Bytes that it takes.</summary>
    public int Bytes => ((_tokens?.Length ?? 0) * sizeof(int)) + ((_bits?.Length ?? 0) * sizeof(ulong));

    /// <summary>Adds the set's tokens to a mask.</summary>
    public void AddTo(Span<ulong> bits)
    {
        if (_bits is not null)
        {
            for (var word = 0; word < _bits.Length; word++)
            {
                bits[word] |= _bits[word];
            }

            return;
        }

        foreach (var token in _tokens!)
        {
            bits[token >> 6] |= 1UL << token;
        }
    }
}
