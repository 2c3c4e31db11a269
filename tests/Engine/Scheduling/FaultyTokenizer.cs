using System.Text;
using Crescent.Engine.Model.Text;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>Another tokenizer, which throws when it is asked to.</summary>
internal sealed class FaultyTokenizer(Tokenizer tokenizer, Func<bool> fails) : Tokenizer
{
    /// <summary>Told each time when the bytes of a token are asked for.</summary>
    public Action? Asked { get; init; }

    public override int VocabularySize => tokenizer.VocabularySize;

    public override int? BeginOfSequence => tokenizer.BeginOfSequence;

    public override int? EndOfSequence => tokenizer.EndOfSequence;

    public override bool AddsBeginOfSequence => tokenizer.AddsBeginOfSequence;

    public override IReadOnlyList<string> SpecialStrings => tokenizer.SpecialStrings;

    public override bool IsEndOfGeneration(int token) => tokenizer.IsEndOfGeneration(Or(token));

    public override bool IsSpecial(int token) => tokenizer.IsSpecial(token);

    public override string TokenName(int token) => tokenizer.TokenName(token);

    public override ReadOnlySpan<byte> TokenBytes(int token)
    {
        Asked?.Invoke();
        return tokenizer.TokenBytes(Or(token));
    }

    public override int[] Encode(string text, bool parseSpecial, bool addSpecial = false) => tokenizer.Encode(text, parseSpecial, addSpecial);

    public override string Decode(ReadOnlySpan<int> tokens, bool withSpecial = false) => tokenizer.Decode(tokens, withSpecial);

    private int Or(int token) => fails() ? throw new DecoderFallbackException("no such token") : token;
}
