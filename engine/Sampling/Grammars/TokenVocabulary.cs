using System.Text;
using Crescent.Engine.Model.Text;
using Crescent.Engine.Model.ToolCalls;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// The bytes of all tokens as a tree, laid out in the order of a walk from parent to first child: one for each model, shared by
/// all its grammars. Immutable. Some control tokens are in it too (<see cref="ToolCallMarks"/>), each with a byte that no UTF-8 has: a grammar that asks for none allows none.
/// </summary>
public sealed class TokenVocabulary
{
    // Of the bytes that no UTF-8 has, those above all others.
    private const byte FirstMark = 0xF5;

    private readonly Dictionary<int, byte[]> _marks = [];
    private readonly List<(string Name, byte Value)> _markNames = [];
    private readonly int[] _endTokens;
    private readonly int[] _tokens;
    private readonly byte[] _labels;
    private readonly ushort[] _depths;
    private readonly int[] _nextSibling;
    private readonly int[] _firstToken;

    /// <summary>The vocabulary of a tokenizer; special tokens have no place in it but for those that end a generation, and the marks of calls.</summary>
    public TokenVocabulary(Tokenizer tokenizer)
    {
        Tokenizer = tokenizer;
        Size = tokenizer.VocabularySize;
        _endTokens = [.. Enumerable.Range(0, Size).Where(tokenizer.IsEndOfGeneration)];
        FindMarks();
        _tokens = [.. Enumerable.Range(0, Size).Where(token => !tokenizer.IsEndOfGeneration(token) && Bytes(token).Length is > 0 and < ushort.MaxValue)];
        Array.Sort(_tokens, (a, b) => Kept(a).SequenceCompareTo(Kept(b)));

        var labels = new List<byte> { 0 };
        var depths = new List<ushort> { 0 };
        var firstToken = new List<int> { 0 };
        ReadOnlySpan<byte> previous = [];
        for (var i = 0; i < _tokens.Length; i++)
        {
            var bytes = Kept(_tokens[i]);
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

    /// <summary>What a token adds to the text that grammars read; empty for one that no grammar can ask for.</summary>
    internal ReadOnlySpan<byte> Bytes(int token)
    {
        if (Tokenizer.IsSpecial(token))
        {
            return _marks.GetValueOrDefault(token);
        }

        var bytes = Tokenizer.TokenBytes(token);
        return bytes.ContainsAnyInRange(FirstMark, byte.MaxValue) ? [] : bytes;
    }

    /// <summary>A text as grammars read it: marks that are control tokens here as their bytes, all else as UTF-8.</summary>
    internal byte[] Encode(string text)
    {
        var bytes = new List<byte>();
        var plain = 0;
        for (var at = 0; at < text.Length;)
        {
            var mark = _markNames.Find(mark => string.CompareOrdinal(text, at, mark.Name, 0, mark.Name.Length) == 0);
            if (mark.Name is null)
            {
                at++;
                continue;
            }

            bytes.AddRange(Encoding.UTF8.GetBytes(text[plain..at]));
            bytes.Add(mark.Value);
            plain = at += mark.Name.Length;
        }

        bytes.AddRange(Encoding.UTF8.GetBytes(text[plain..]));
        return [.. bytes];
    }

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

    // Of a token that is in the tree.
    private ReadOnlySpan<byte> Kept(int token) => Tokenizer.IsSpecial(token) ? _marks[token] : Tokenizer.TokenBytes(token);

    // More than there are bytes for no family has.
    private void FindMarks()
    {
        var names = ToolCallMarks.All.ToHashSet(StringComparer.Ordinal);
        for (var token = 0; token < Size && FirstMark + _marks.Count <= byte.MaxValue; token++)
        {
            if (Tokenizer.IsSpecial(token) && !Tokenizer.IsEndOfGeneration(token) && names.Remove(Tokenizer.TokenName(token)))
            {
                var value = (byte)(FirstMark + _marks.Count);
                _marks.Add(token, [value]);
                _markNames.Add((Tokenizer.TokenName(token), value));
            }
        }
    }

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
