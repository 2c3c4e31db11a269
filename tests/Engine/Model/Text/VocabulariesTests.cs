using Crescent.Engine.Model.Text;

namespace Crescent.Tests.Engine.Model.Text;

/// <summary>What makes the tokens of two models others; padding at the end does not.</summary>
public sealed class VocabulariesTests
{
    [Theory]
    [InlineData("a b <s> </s>", "a b <s> </s>", null)]
    [InlineData("a b <s> </s>", "a b <s> </s> [PAD4] [PAD5]", null)]
    [InlineData("a b <s> </s> [PAD4]", "a b <s> </s>", null)]
    [InlineData("a b <s> </s>", "a c <s> </s>", "token 1 is 'b' there and 'c' here")]
    [InlineData("a b <s> </s> [PAD4]", "a b <s> </s> d", "token 4 is '[PAD4]' there and 'd' here")]
    [InlineData("a b <s> </s> d", "a b <s> </s>", "it has 5 tokens there and 4 here")]
    [InlineData("a b <s> </s>", "a b <s> </s> [PAD4] d", "it has 4 tokens there and 6 here")]
    [InlineData("a b <s> </s>", "a b *<s> </s>", "token 2, '<s>', is another kind of token there than here")]
    [InlineData("a b <s> </s>", "a b <s> !</s>", "token 3, '</s>', is another kind of token there than here")]
    public void Tokens_are_the_same_but_for_padding(string there, string here, string? difference) =>
        Assert.Equal(difference, Vocabularies.Difference(new NamedTokenizer(there.Split(' ')), new NamedTokenizer(here.Split(' '))));

    /// <summary>Tokens by name: <c>*</c> before one makes it special, <c>!</c> the end of a generation.</summary>
    private sealed class NamedTokenizer(string[] names) : Tokenizer
    {
        public override int VocabularySize => names.Length;

        public override int? BeginOfSequence => null;

        public override int? EndOfSequence => null;

        public override bool AddsBeginOfSequence => false;

        public override IReadOnlyList<string> SpecialStrings => [];

        public override bool IsEndOfGeneration(int token) => names[token][0] == '!';

        public override bool IsSpecial(int token) => names[token][0] == '*';

        public override string TokenName(int token) => names[token].TrimStart('*', '!');

        public override ReadOnlySpan<byte> TokenBytes(int token) => [];

        public override int[] Encode(string text, bool parseSpecial, bool addSpecial = false) => throw new NotSupportedException();

        public override string Decode(ReadOnlySpan<int> tokens, bool withSpecial = false) => throw new NotSupportedException();
    }
}
