using Crescent.Engine.Model.Text;

namespace Crescent.GpuCheck.Model;

/// <summary>A vocabulary of any size, without text, some of whose tokens end a generation.</summary>
internal sealed class SizedTokenizer(int vocabulary, params int[] ends) : Tokenizer
{
    public override int VocabularySize => vocabulary;

    public override int? BeginOfSequence => null;

    public override int? EndOfSequence => null;

    public override bool AddsBeginOfSequence => false;

    public override IReadOnlyList<string> SpecialStrings => [];

    public override bool IsEndOfGeneration(int token) => ends.Contains(token);

    public override bool IsSpecial(int token) => false;

    public override string TokenName(int token) => "";

    public override ReadOnlySpan<byte> TokenBytes(int token) => [];

    public override int[] Encode(string text, bool parseSpecial, bool addSpecial = false) => [];

    public override string Decode(ReadOnlySpan<int> tokens, bool withSpecial = false) => "";
}
