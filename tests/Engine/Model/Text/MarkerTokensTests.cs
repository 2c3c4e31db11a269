using Crescent.Engine.Model.Text;

namespace Crescent.Tests.Engine.Model.Text;

/// <summary>Files that give their markers another type than the models were trained with.</summary>
public sealed class MarkerTokensTests
{
    [Theory]
    [InlineData("<|im_end|>", 1)]
    [InlineData("<|im_end|>", 4)]
    [InlineData("<|im_start|>", 1)]
    [InlineData("<|endoftext|>", 1)]
    [InlineData("<|endoftext|>", 4)]
    public void A_marker_is_one_token_without_text_whatever_its_type(string marker, int type)
    {
        var metadata = Tokenizers.Metadata(TestFiles.TinyModel);
        var token = Array.IndexOf(metadata.Tokens, marker);
        var types = metadata.Types.ToArray();
        types[token] = (TokenType)type;
        var tokenizer = TokenizerReader.Build(metadata with { Types = types, EndOfSequence = Array.IndexOf(metadata.Tokens, "<|endoftext|>") });
        Assert.True(tokenizer.IsSpecial(token));
        Assert.Equal(marker != "<|im_start|>", tokenizer.IsEndOfGeneration(token));
        Assert.Equal(Tokenizers.Tiny.Encode($"a{marker}b", parseSpecial: true), tokenizer.Encode($"a{marker}b", parseSpecial: true));
        Assert.DoesNotContain(token, tokenizer.Encode($"a{marker}b", parseSpecial: false));
    }

    [Theory]
    [InlineData("</s>", false, (int)TokenType.Normal)]
    [InlineData("</s>", true, (int)TokenType.Control)]
    [InlineData("<b>", false, (int)TokenType.Normal)]
    [InlineData("<|a b|>", false, (int)TokenType.Normal)]
    public void What_may_be_text_stays_text_unless_the_file_names_it_as_an_end(string text, bool isNamedEnd, int type)
    {
        Assert.Equal((TokenType)type, MarkerTokens.TypeOf(text, TokenType.Normal, isNamedEnd));
        Assert.Equal(TokenType.Byte, MarkerTokens.TypeOf(text, TokenType.Byte, isNamedEnd));
    }
}
