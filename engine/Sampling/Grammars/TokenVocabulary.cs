using Crescent.Engine.Model.Text;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// The bytes of all tokens as a tree, laid out in the order of a walk from parent to first child: one for each model, shared by
/// all its grammars. Immutable.
/// </summary>
public sealed class TokenVocabulary
{
    private readonly int[] _endTokens;
    private readonly int[] _tokens;
    private readonly byte[] _labels;
    private readonly ushort[] _depths;
    private readonly int[] _nextSibling;
    private readonly int[] _firstToken;

    /// <summary>The vocabulary of a tokenizer; special tokens have no place in it but for those that end a generation.</summary>
    public TokenVocabulary(Tokenizer tokenizer)
    {
        Tokenizer = tokenizer;
        Size = tokenizer.VocabularySize;
        _endTokens = [.. Enumerable.Range(0, Size).Where(tokenizer.IsEndOfGeneration)];
        _tokens = [.. Enumerable.Range(0, Size).Where(token =>
            !tokenizer.IsEndOfGeneration(token) && !tokenizer.IsSpecial(token) && tokenizer.TokenBytes(token).Length is > 0 and < ushort.MaxValue)];
        Array.Sort(_tokens, (a, b) => tokenizer.TokenBytes(a).SequenceCompareTo(tokenizer.TokenBytes(b)));

        var labels = new List<byte> { 0 };
        var depths = new List<ushort> { 0 };
        var firstToken = new List<int> { 0 };
        ReadOnlySpan<byte> previous = [];
        for (var i = 0; i < _tokens.Length; i++)
        {
            var bytes = tokenizer.TokenBytes(_tokens[i]);
            for (var depth = bytes.CommonPrefixLength(previous); depth < bytes.Length; depth++)
            {
                labels.Add(bytes[depth]);
                depths.Add((ushort)(depth + 1));
                firstToken.Add(i);
            }

            Deepest = Math.Max(Deepest, bytes.Length);
            previous = bytes;
        }

        firstToken.Add(_tokens.Length);
        _labels = [.. labels];
        _depths = [.. depths];
        _firstToken = [.. firstToken];
        _nextSibling = NextSiblings(depths, Deepest);
    }

    /// <summary>The tokenizer it was made from.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>Tokens in the vocabulary.</summary>
    public int Size { get; }

    /// <summary>Words of 64 bits in a mask: one bit for each token.</summary>
    public int MaskWords => (Size + 63) / 64;

    /// <summary>Tokens after which generation stops.</summary>
    internal ReadOnlySpan<int> EndTokens => _endTokens;

    /// <summary>Longest token, in bytes.</summary>
    internal int Deepest { get; }

    /// <summary>Nodes of the tree; 0 is its root.</summary>
    internal int NodeCount => _labels.Length;

    /// <summary>The byte by which a node is reached from its parent.</summary>
    internal byte Label(int node) => _labels[node];

    /// <summary>Bytes from the root to a node.</summary>
    internal int Depth(int node) => _depths[node];

    /// <summary>The first node after all below <paramref name="node"/>.</summary>
    internal int EndOf(int node) => _nextSibling[node];

    /// <summary>
    /// The tokens that end at a node. Of those that begin with its bytes they are the first in byte order, and its own end
    /// where its first child's begin.
    /// </summary>
    internal ReadOnlySpan<int> TokensAt(int node) => _tokens.AsSpan(_firstToken[node].._firstToken[node + 1]);

    private static int[] NextSiblings(List<ushort> depths, int deepest)
    {
        var next = new int[depths.Count];
        var latest = new int[deepest + 2];
        Array.Fill(latest, depths.Count);
        for (var node = depths.Count - 1; node >= 0; node--)
        {
            var depth = depths[node];
            next[node] = latest[depth];
            latest[depth] = node;

            // A node ends whatever was open below its depth.
            for (var below = depth + 1; below < latest.Length && latest[below] != node; below++)
            {
                latest[below] = node;
            }
        }

        return next;
    }
}
