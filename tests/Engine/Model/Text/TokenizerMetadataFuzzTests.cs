using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Model.Text;
using CsCheck;

namespace Crescent.Tests.Engine.Model.Text;

public sealed class TokenizerMetadataFuzzTests
{
    private static readonly Gen<string> Piece = Gen.OneOf(
        Gen.OneOf<string>("a", "b", "ab", "▁", "▁a", "Ġ", "Ġa", "<s>", "<0x00>", "<0x41>", "", " ", "\u0000", "é", "\ufffd", "a b", "😀"),
        Gen.Char.Array[0, 3].Select(chars => new string(chars)));

    private static readonly Gen<Action<State>> Change = Gen.Select(Gen.Int[0, 7], Gen.Int[0, 300], Piece, Piece, Gen.Int[-1, 300])
        .Select((kind, at, piece, other, number) => new Action<State>(state => state.Change(kind, at, piece, other, number)));

    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama")]
    public void Spoilt_metadata_is_refused_or_makes_a_tokenizer_that_works(string model)
    {
        var built = 0;
        Change.Array[1, 4].Sample(changes =>
        {
            var state = new State(model == "llama" ? SpmTokenizerTests.Made : ByteLevel());
            Array.ForEach(changes, change => change(state));
            try
            {
                var tokenizer = TokenizerReader.Build(state.Metadata.Checked());
                var tokens = tokenizer.Encode("a ab é <s>\u0000 aab 😀", parseSpecial: true, addSpecial: true);
                Assert.All(tokens, token => Assert.InRange(token, 0, tokenizer.VocabularySize - 1));
                tokenizer.Decode(tokens, withSpecial: true);
                Interlocked.Increment(ref built);
            }
            catch (InvalidModelException)
            {
            }
        }, iter: 2_000);
        Assert.NotEqual(0, built);
    }

    private static TokenizerMetadata ByteLevel() => new()
    {
        Path = "made.gguf",
        Model = "gpt2",
        Tokens = ["<s>", .. Enumerable.Range(0, 256).Select(b => ByteAlphabet.ToChar((byte)b).ToString()), "ab", "Ġa", "Ġab", "aab"],
        Types = [TokenType.Control, .. Enumerable.Repeat(TokenType.Normal, 260)],
        Merges = ["a b", "Ġ a", "Ġ ab", "a ab"],
        BeginOfSequence = 0,
    };

    private sealed class State(TokenizerMetadata metadata)
    {
        public TokenizerMetadata Metadata { get; private set; } = metadata with
        {
            Tokens = [.. metadata.Tokens],
            Types = [.. metadata.Types],
            Scores = metadata.Scores?.ToArray(),
            Merges = metadata.Merges?.ToArray(),
        };

        public void Change(int kind, int at, string piece, string other, int number)
        {
            at %= Math.Max(1, Metadata.Tokens.Length);
            switch (kind)
            {
                case 0 when Metadata.Tokens.Length > 0:
                    Metadata.Tokens[at] = piece;
                    break;
                case 1 when Metadata.Types.Length > 0:
                    Metadata.Types[at] = (TokenType)(number % 9);
                    break;
                case 2 when Metadata.Merges is { Length: > 0 } merges:
                    merges[at % merges.Length] = $"{piece} {other}";
                    break;
                case 3 when Metadata.Scores is { Length: > 0 } scores:
                    scores[at] = number > 290 ? float.PositiveInfinity : number;
                    break;
                case 4:
                    Metadata = Metadata with { BeginOfSequence = number, AddBeginOfSequence = true };
                    break;
                case 5:
                    Metadata = Metadata with { Unknown = number, EndOfSequence = at };
                    break;
                case 6:
                    Metadata = Metadata with { Tokens = Metadata.Tokens[..at], Types = Metadata.Types[..at], Scores = Metadata.Scores?[..at] };
                    break;
                case 7:
                    Metadata = Metadata with { Pre = number % 2 == 0 ? "llama-bpe" : "smollm", AddSpacePrefix = false };
                    break;
            }
        }
    }
}
