using System.Globalization;
using Crescent.Engine.Model.Text;
using CsCheck;

namespace Crescent.Tests.Engine.Model.Text;

public sealed class SpmTokenizerTests
{
    /// <summary>unk, s, /s, 256 bytes, then pieces; <c>&lt;tag&gt;</c> is user-defined.</summary>
    internal static TokenizerMetadata Made { get; } = new()
    {
        Path = "made.gguf",
        Model = "llama",
        Tokens = ["<unk>", "<s>", "</s>", .. Enumerable.Range(0, 256).Select(b => $"<0x{b.ToString("X2", CultureInfo.InvariantCulture)}>"), "▁", "a", "b", "▁a", "ab", "▁ab", "<tag>"],
        Types = [TokenType.Unknown, TokenType.Control, TokenType.Control, .. Enumerable.Repeat(TokenType.Byte, 256), .. Enumerable.Repeat(TokenType.Normal, 6), TokenType.UserDefined],
        Scores = [.. Enumerable.Repeat(0f, 259), -10, -11, -12, -2, -1, -3, 0],
        BeginOfSequence = 1,
        EndOfSequence = 2,
        Unknown = 0,
        AddBeginOfSequence = true,
        AddSpacePrefix = true,
    };

    private const int Space = 259, A = 260, B = 261, SpaceA = 262, Ab = 263, SpaceAb = 264, Tag = 265;

    [Fact]
    public void The_higher_score_merges_first()
    {
        var tokenizer = TokenizerReader.Build(Made);
        Assert.Equal([SpaceAb, B], tokenizer.Encode("abb", parseSpecial: true));
        Assert.Equal([SpaceA, SpaceAb], tokenizer.Encode("a ab", parseSpecial: true));
    }

    [Fact]
    public void A_space_goes_before_text_at_the_start_and_after_a_special_token()
    {
        var tokenizer = TokenizerReader.Build(Made);
        Assert.Equal([1, SpaceA, 2, SpaceA], tokenizer.Encode("a</s>a", parseSpecial: true, addSpecial: true));
        var without = TokenizerReader.Build(Made with { AddSpacePrefix = false, AddBeginOfSequence = false });
        Assert.Equal([A, 2, A], without.Encode("a</s>a", parseSpecial: true, addSpecial: true));
    }

    [Fact]
    public void User_defined_strings_are_tokens_in_plain_text_too_but_control_strings_are_not()
    {
        var tokenizer = TokenizerReader.Build(Made with { AddSpacePrefix = false });
        Assert.Equal([A, Tag, B], tokenizer.Encode("a<tag>b", parseSpecial: false));
        Assert.DoesNotContain(2, tokenizer.Encode("a</s>b", parseSpecial: false));
        Assert.Equal("a<tag>b", tokenizer.Decode([A, Tag, B]));
        Assert.Equal(["<unk>", "<tag>", "</s>", "<s>"], tokenizer.SpecialStrings);
    }

    [Fact]
    public void A_text_comes_back_from_its_tokens_with_the_space_that_was_put_before_it()
    {
        var tokenizer = TokenizerReader.Build(Made);
        Gen.OneOf<string>("a", "b", " ", "  ", "é", "中", "😀", "\n", "<s>").Array[1, 30].Select(string.Concat)
            .Sample(text => Assert.Equal(" " + text, tokenizer.Decode(tokenizer.Encode(text, parseSpecial: false))), iter: 2_000);
    }

    [Fact]
    public void An_answer_keeps_the_space_its_first_token_begins_with() =>
        Assert.Equal(" a", new StreamingDetokenizer(TokenizerReader.Build(Made)).Append(SpaceA));

    [Fact]
    public void Space_alone_and_its_byte_are_spaces() => Assert.Equal("  ", TokenizerReader.Build(Made).Decode([Space, 3 + ' ']));

    [Fact]
    public void Special_tokens_have_no_text_unless_asked_for()
    {
        var tokenizer = TokenizerReader.Build(Made);
        Assert.Equal(" ab", tokenizer.Decode([1, SpaceAb, 0, 2]));
        Assert.Equal("<s> ab<unk></s>", tokenizer.Decode([1, SpaceAb, 0, 2], withSpecial: true));
        Assert.True(tokenizer.IsSpecial(0) && tokenizer.IsSpecial(1) && !tokenizer.IsSpecial(Tag) && !tokenizer.IsSpecial(Ab));
    }
}
