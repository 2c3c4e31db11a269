using System.Globalization;
using System.Text;
using Crescent.Engine.Model.Gguf;
using Microsoft.ML.Tokenizers;

namespace Crescent.Engine.Model.Text;

/// <summary>
/// SentencePiece-style byte-pair encoding by scores (<c>llama</c>): spaces are written <c>▁</c>, a space goes before the text
/// where the file says so, and characters without a token fall back to their bytes. Decoding keeps that first space, as the
/// tokens of an answer continue a prompt.
/// </summary>
internal sealed class SpmTokenizer : VocabularyTokenizer
{
    private const char Space = '▁';
    private readonly SentencePieceTokenizer _library;
    private readonly bool _addSpacePrefix;

    /// <exception cref="InvalidModelException">Scores are missing or no numbers, or the byte tokens are not all there in order.</exception>
    public SpmTokenizer(TokenizerMetadata metadata)
        : base(metadata, id => ToBytes(metadata, id))
    {
        var scores = metadata.Scores ?? throw metadata.Fault("scores", "the key is missing; a llama vocabulary needs its scores");
        var badScore = Array.FindIndex(scores, score => !float.IsFinite(score));
        if (badScore >= 0)
        {
            throw metadata.Fault("scores", $"the score of token {badScore} is {scores[badScore]}");
        }

        CheckByteTokens(metadata);

        // The defaults are those of Llama 2, whose files did not name them.
        BeginOfSequence = metadata.BeginOfSequence ?? Math.Min(1, VocabularySize - 1);
        EndOfSequence = metadata.EndOfSequence ?? Math.Min(2, VocabularySize - 1);
        AddsBeginOfSequence = metadata.AddBeginOfSequence ?? true;
        _addSpacePrefix = metadata.AddSpacePrefix ?? true;
        using var model = SentencePieceModel.Write(metadata, scores, metadata.Unknown ?? 0, BeginOfSequence.Value, EndOfSequence.Value);
        _library = SentencePieceTokenizer.Create(model, addBeginningOfSentence: false, addEndOfSentence: false);
    }

    public override int? BeginOfSequence { get; }

    public override int? EndOfSequence { get; }

    public override bool AddsBeginOfSequence { get; }

    protected override void EncodeText(ReadOnlySpan<char> text, bool afterSpecial, List<int> tokens)
    {
        var prefix = afterSpecial && _addSpacePrefix ? 1 : 0;
        var escaped = string.Create(prefix + text.Length, text, (chars, source) =>
        {
            chars[0] = Space;
            source.Replace(chars[^source.Length..], ' ', Space);
        });
        tokens.AddRange(_library.EncodeToIds(
            escaped,
            addBeginningOfSentence: false,
            addEndOfSentence: false,
            considerPreTokenization: false,
            considerNormalization: false));
    }

    private static byte[] ToBytes(TokenizerMetadata metadata, int id) => metadata.Types[id] == TokenType.Byte
        ? [ByteValue(metadata, id)]
        : Encoding.UTF8.GetBytes(metadata.Tokens[id].Replace(Space, ' '));

    private static byte ByteValue(TokenizerMetadata metadata, int id)
    {
        var name = metadata.Tokens[id];
        return name.Length == 6 && name.StartsWith("<0x", StringComparison.Ordinal) && name[5] == '>'
            && byte.TryParse(name.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw metadata.Fault("tokens", $"byte token {id} is \"{name}\" and not of the form <0x41>");
    }

    /// <summary>The library finds the token of a byte by counting from that of byte 0.</summary>
    private static void CheckByteTokens(TokenizerMetadata metadata)
    {
        var first = Array.IndexOf(metadata.Tokens, "<0x00>");
        for (var b = 0; b < 256; b++)
        {
            var id = first + b;
            if (first < 0 || id >= metadata.Tokens.Length || metadata.Types[id] != TokenType.Byte || ByteValue(metadata, id) != b)
            {
                throw metadata.Fault("tokens", $"the byte tokens <0x00> to <0xFF> must stand in order; <0x{b:X2}> is not where it should be");
            }
        }
    }
}
