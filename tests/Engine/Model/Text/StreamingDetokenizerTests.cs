using System.Text;
using Crescent.Engine.Model.Text;
using CsCheck;

namespace Crescent.Tests.Engine.Model.Text;

public sealed class StreamingDetokenizerTests
{
    private static readonly Tokenizer Tiny = Tokenizers.Tiny;

    private static readonly int[] OfByte = [.. Enumerable.Range(0, 256).Select(b =>
        Enumerable.Range(0, Tiny.VocabularySize).First(token => Tiny.TokenBytes(token).SequenceEqual([(byte)b])))];

    // Bytes around every edge of UTF-8: leads of two to four, overlong and surrogate forms, continuations, plain.
    private static readonly Gen<int> Byte = Gen.OneOf<byte>([.. "aé中😀\u07ff\u0800\uffff\U0010ffff"u8, 0xc0, 0xc2, 0xe0, 0xed, 0xa0, 0xf0, 0x8f, 0xf4, 0x90, 0xf5, 0xff, 0x80, 0xbf])
        .Select(value => OfByte[value]);

    private static readonly Gen<int[]> Tokens = Gen.OneOf(Byte.Array[0, 30], Gen.OneOf(Byte, Gen.Int[0, Tiny.VocabularySize - 1]).Array[0, 30]);

    [Fact]
    public void The_parts_make_up_what_decoding_all_at_once_gives() => Tokens.Sample(tokens =>
    {
        var stream = new StreamingDetokenizer(Tiny);
        var parts = tokens.Select(stream.Append).ToList();
        parts.Add(stream.Flush());
        Assert.Equal(Tiny.Decode(tokens), string.Concat(parts));
        Assert.All(parts, part => Assert.Equal(part, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(part))));
        Assert.Equal("", stream.Flush());
    }, iter: 20_000);

    [Fact]
    public void All_that_is_certain_is_there_at_once() => Tokens.Sample(tokens =>
    {
        var stream = new StreamingDetokenizer(Tiny);
        var so = new StringBuilder();
        for (var count = 1; count <= tokens.Length; count++)
        {
            so.Append(stream.Append(tokens[count - 1]));

            // Certain is what all continuations agree on: a plain character, and every one that may complete a broken one.
            var one = Tiny.Decode([.. tokens[..count], OfByte['a']]);
            var others = Enumerable.Range(0x80, 0x40).Select(b => Tiny.Decode([.. tokens[..count], OfByte[b], OfByte[0x80], OfByte[0x80]]));
            var certain = others.Append(one).Aggregate(CommonPrefix);
            Assert.Equal(certain, so.ToString());
        }
    }, iter: 300);

    [Fact]
    public void A_character_of_four_tokens_comes_with_the_last()
    {
        var stream = new StreamingDetokenizer(Tiny);
        Assert.Equal(["", "", "", "😀"], "😀"u8.ToArray().Select(value => stream.Append(OfByte[value])));
    }

    [Fact]
    public void A_character_that_breaks_off_becomes_one_replacement_character()
    {
        var stream = new StreamingDetokenizer(Tiny);
        Assert.Equal(["", "", "\ufffda"], new byte[] { 0xe4, 0xb8, (byte)'a' }.Select(value => stream.Append(OfByte[value])));
        Assert.Equal(["", ""], new byte[] { 0xe4, 0xb8 }.Select(value => stream.Append(OfByte[value])));
        Assert.Equal("\ufffd", stream.Flush());
    }

    [Fact]
    public void Tokens_of_whole_characters_allocate_nothing()
    {
        var stream = new StreamingDetokenizer(Tiny);
        var tokens = Tiny.Encode("Tom has 12 apples. He buys 30 more.", parseSpecial: true);
        Append();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Append();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Append()
        {
            foreach (var token in tokens)
            {
                stream.Append(token);
            }
        }
    }

    private static string CommonPrefix(string a, string b)
    {
        var length = a.AsSpan().CommonPrefixLength(b);
        return a[..(length > 0 && char.IsHighSurrogate(a[length - 1]) ? length - 1 : length)];
    }
}
