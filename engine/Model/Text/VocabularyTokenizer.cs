using System.Buffers;
using System.Text;

namespace Crescent.Engine.Model.Text;

/// <summary>What the two kinds of tokenizer share: the vocabulary, its special strings, and the way back from tokens to text.</summary>
internal abstract class VocabularyTokenizer : Tokenizer
{
    private readonly string[] _names;
    private readonly TokenType[] _types;
    private readonly byte[][] _bytes;
    private readonly string?[] _texts;
    private readonly bool[] _ends;
    private readonly SpecialStringFinder _special;
    private readonly SpecialStringFinder _userDefined;

    /// <param name="metadata">Checked metadata.</param>
    /// <param name="bytesOf">The bytes that a token of type normal, unused or byte stands for.</param>
    protected VocabularyTokenizer(TokenizerMetadata metadata, Func<int, byte[]> bytesOf)
    {
        _names = metadata.Tokens;
        _types = metadata.Types;
        _ends = FindEnds(metadata);
        _bytes = new byte[_names.Length][];
        _texts = new string?[_names.Length];
        for (var id = 0; id < _names.Length; id++)
        {
            _bytes[id] = IsSpecial(id) ? [] : _types[id] == TokenType.UserDefined ? Encoding.UTF8.GetBytes(_names[id]) : bytesOf(id);
        }

        (string Text, int Token)[] strings = [.. Enumerable.Range(0, _names.Length)
            .Where(id => _names[id].Length > 0 && (IsSpecial(id) || _types[id] == TokenType.UserDefined))
            .Select(id => (_names[id], id))
            .OrderByDescending(special => special.Item1.Length)];
        SpecialStrings = [.. strings.Select(special => special.Text)];
        _special = new SpecialStringFinder(strings);
        _userDefined = new SpecialStringFinder(strings.Where(special => _types[special.Token] == TokenType.UserDefined));
    }

    public override int VocabularySize => _names.Length;

    public override IReadOnlyList<string> SpecialStrings { get; }

    public override bool IsEndOfGeneration(int token) => _ends[token];

    public override bool IsSpecial(int token) => _types[token] is TokenType.Control or TokenType.Unknown;

    public override string TokenName(int token) => _names[token];

    public override ReadOnlySpan<byte> TokenBytes(int token) => _bytes[token];

    /// <remarks>A race makes two equal strings, of which one is kept.</remarks>
    public override string? TokenText(int token) => _texts[token] ??= base.TokenText(token);

    public override int[] Encode(string text, bool parseSpecial, bool addSpecial = false)
    {
        var tokens = new List<int>((text.Length / 3) + 4);
        if (addSpecial && AddsBeginOfSequence && BeginOfSequence is { } begin)
        {
            tokens.Add(begin);
        }

        var rest = text.AsSpan();
        var finder = parseSpecial ? _special : _userDefined;
        var afterSpecial = true;
        for (int at; (at = finder.Find(rest, out var length, out var token)) >= 0; rest = rest[(at + length)..], afterSpecial = true)
        {
            EncodeFragment(rest[..at], afterSpecial, tokens);
            tokens.Add(token);
        }

        EncodeFragment(rest, afterSpecial, tokens);
        return [.. tokens];
    }

    public override string Decode(ReadOnlySpan<int> tokens, bool withSpecial = false)
    {
        var bytes = new ArrayBufferWriter<byte>(4 * tokens.Length + 1);
        foreach (var token in tokens)
        {
            if (withSpecial && IsSpecial(token))
            {
                Encoding.UTF8.GetBytes(_names[token], bytes);
            }
            else
            {
                bytes.Write(_bytes[token]);
            }
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    /// <summary>Appends the tokens of well-formed text without special strings.</summary>
    /// <param name="text">Not empty; lone surrogates have become U+FFFD.</param>
    /// <param name="afterSpecial">Whether it is the first of the text or follows a special token.</param>
    /// <param name="tokens">Where the tokens go.</param>
    protected abstract void EncodeText(ReadOnlySpan<char> text, bool afterSpecial, List<int> tokens);

    private void EncodeFragment(ReadOnlySpan<char> text, bool afterSpecial, List<int> tokens)
    {
        if (text.Length > 0)
        {
            var wellFormed = HasLoneSurrogate(text) ? Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text.ToArray())) : text;
            EncodeText(wellFormed, afterSpecial, tokens);
        }
    }

    private static bool HasLoneSurrogate(ReadOnlySpan<char> text)
    {
        for (int at; (at = text.IndexOfAnyInRange('\uD800', '\uDFFF')) >= 0; text = text[(at + 2)..])
        {
            if (at + 1 == text.Length || !char.IsSurrogatePair(text[at], text[at + 1]))
            {
                return true;
            }
        }

        return false;
    }

    private static bool[] FindEnds(TokenizerMetadata metadata)
    {
        var ends = new bool[metadata.Tokens.Length];

        // Where messages end with a mark of their own, an answer of several goes on behind it: gpt-oss, whose answers end with others.
        var isHarmony = metadata.Tokens.Contains("<|return|>") && metadata.Tokens.Contains("<|call|>") && metadata.Tokens.Contains("<|channel|>");
        for (var id = 0; id < ends.Length; id++)
        {
            ends[id] = metadata.EndOfSequence == id || metadata.EndOfTurn == id || metadata.EndOfMessage == id
                || (metadata.Types[id] == TokenType.Control && MarkerTokens.IsEnd(metadata.Tokens[id]) && !(isHarmony && metadata.Tokens[id] == "<|end|>"));
        }

        return ends;
    }
}
