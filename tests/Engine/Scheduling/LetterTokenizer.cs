using System.Text;
using Crescent.Engine.Model.Text;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>Token n is the character n; token 0 ends a generation.</summary>
internal sealed class LetterTokenizer : Tokenizer
{
    private readonly byte[][] _bytes = Enumerable.Range(0, 128).Select(static i => i == 0 ? [] : new[] { (byte)i }).ToArray();

    public override int VocabularySize => 128;

    public override int? BeginOfSequence => null;

    public override int? EndOfSequence => 0;

    public override bool AddsBeginOfSequence => false;

    public override IReadOnlyList<string> SpecialStrings => ["<end>"];

    public override bool IsEndOfGeneration(int token) => token == 0;

    public override bool IsSpecial(int token) => token == 0;

    public override string TokenName(int token) => token == 0 ? "<end>" : ((char)token).ToString();

    public override ReadOnlySpan<byte> TokenBytes(int token) => _bytes[token];

    public override int[] Encode(string text, bool parseSpecial, bool addSpecial = false) => text.Select(static c => (int)c).ToArray();

    public override string Decode(ReadOnlySpan<int> tokens, bool withSpecial = false)
    {
        var text = new StringBuilder();
        foreach (var token in tokens)
        {
            text.Append(Encoding.ASCII.GetString(_bytes[token]));
        }

        return text.ToString();
    }
}
