using Crescent.Engine.Model.Text;

namespace Crescent.Lab.Virtual;

/// <summary>A vocabulary without text, for studies in which only the number of tokens counts. No token ends a generation.</summary>
public sealed class SilentTokenizer : Tokenizer
{
    /// <inheritdoc/>
    public override int VocabularySize => 32_768;

    /// <inheritdoc/>
    public override int? BeginOfSequence => null;

    /// <inheritdoc/>
    public override int? EndOfSequence => null;

    /// <inheritdoc/>
    public override bool AddsBeginOfSequence => false;

    /// <inheritdoc/>
    public override IReadOnlyList<string> SpecialStrings => [];

    /// <inheritdoc/>
    public override bool IsEndOfGeneration(int token) => false;

    /// <inheritdoc/>
    public override bool IsSpecial(int token) => false;

    /// <inheritdoc/>
    public override string TokenName(int token) => "";

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> TokenBytes(int token) => [];

    /// <inheritdoc/>
    public override string? TokenText(int token) => "";

    /// <inheritdoc/>
    public override int[] Encode(string text, bool parseSpecial, bool addSpecial = false) => [];

    /// <inheritdoc/>
    public override string Decode(ReadOnlySpan<int> tokens, bool withSpecial = false) => "";
}
