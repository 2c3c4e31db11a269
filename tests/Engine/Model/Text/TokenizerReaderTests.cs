using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Model.Text;

namespace Crescent.Tests.Engine.Model.Text;

public sealed class TokenizerReaderTests
{
    private static readonly TokenizerMetadata Tiny = Tokenizers.Metadata(TestFiles.TinyModel);
    private static readonly TokenizerMetadata Spm = SpmTokenizerTests.Made;

    public static TheoryData<string, string> Faults { get; } = new()
    {
        { "an unknown kind", "tokenizer.ggml.model: \"bert\" is unknown; known are gpt2, llama" },
        { "an unknown pre-tokeniser", "tokenizer.ggml.pre: \"elvish\" is unknown; known are default, gpt-2, llama-bpe, dbrx, glm4" },
        { "no tokens", "tokenizer.ggml.tokens: is empty" },
        { "a token twice", "tokenizer.ggml.tokens: tokens 7 and 9 are both" },
        { "too few types", "tokenizer.ggml.token_type: has 2047 entries for 2048 tokens" },
        { "an unknown type", "tokenizer.ggml.token_type: token 5 has type 7" },
        { "a negative end", "tokenizer.ggml.eos_token_id: names a token outside the vocabulary of 2048" },
        { "an end beyond the vocabulary", "tokenizer.ggml.eos_token_id: names a token outside the vocabulary of 2048" },
        { "a turn's end beyond the vocabulary", "tokenizer.ggml.eot_token_id: names a token outside" },
        { "no merges", "tokenizer.ggml.merges: the key is missing" },
        { "a merge of one", "tokenizer.ggml.merges: merge 3, \"ab\", does not name two tokens" },
        { "a merge of nothing", "tokenizer.ggml.merges: merge 3, \"\", does not name two tokens" },
        { "a merge of a stranger", "tokenizer.ggml.merges: merge 3, \"a ☃\", does not name two tokens" },
        { "a merge into a stranger", "tokenizer.ggml.merges: merge 3, \"Z Q\", does not name two tokens" },
        { "a merge twice", "tokenizer.ggml.merges: merge 9, \"" },
        { "no scores", "tokenizer.ggml.scores: the key is missing" },
        { "too few scores", "tokenizer.ggml.scores: has 3 entries for 266 tokens" },
        { "a score that is no number", "tokenizer.ggml.scores: the score of token 260 is NaN" },
        { "a byte token of another form", "tokenizer.ggml.tokens: byte token 70 is \"C\"" },
        { "byte tokens out of order", "tokenizer.ggml.tokens: the byte tokens <0x00> to <0xFF> must stand in order; <0x43> is not" },
        { "a byte token missing", "tokenizer.ggml.tokens: the byte tokens <0x00> to <0xFF> must stand in order; <0xFF> is not" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_fault_names_the_key_and_what_is_wrong(string fault, string message)
    {
        var metadata = Spoil(fault);
        var error = Assert.Throws<InvalidModelException>(() => TokenizerReader.Build(metadata.Checked()));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.StartsWith(metadata.Path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_embedded_model_ends_with_its_end_of_turn()
    {
        var tokenizer = Tokenizers.Tiny;
        Assert.Equal((1, 2, false), (tokenizer.BeginOfSequence, tokenizer.EndOfSequence, tokenizer.AddsBeginOfSequence));
        Assert.Equal([0, 2], Enumerable.Range(0, tokenizer.VocabularySize).Where(tokenizer.IsEndOfGeneration));
        Assert.Equal(["<|endoftext|>", "<|im_start|>", "<|im_end|>"], tokenizer.SpecialStrings);
    }

    [Fact]
    public void Ends_are_those_the_file_names_and_markers_known_to_end()
    {
        string[] tokens = ["a", "b", "<|eot_id|>", "<end_of_turn>", "<|end|>", "<x>", "<y>", "<z>"];
        var metadata = Tiny with
        {
            Tokens = tokens,
            Types = [TokenType.Normal, TokenType.Normal, TokenType.Control, TokenType.Normal, TokenType.Control, TokenType.Control, TokenType.Control, TokenType.Control],
            Merges = [],
            BeginOfSequence = null,
            EndOfSequence = 5,
            EndOfTurn = 6,
            EndOfMessage = 1,
        };
        var tokenizer = TokenizerReader.Build(metadata.Checked());
        Assert.Equal([1, 2, 3, 4, 5, 6], Enumerable.Range(0, tokens.Length).Where(tokenizer.IsEndOfGeneration));
    }

    [Fact]
    public void The_longest_special_string_at_a_place_wins()
    {
        var metadata = Tiny with
        {
            Tokens = ["a", "<", ">", "<a", "<a>", "<a>a"],
            Types = [TokenType.Normal, TokenType.Normal, TokenType.Normal, TokenType.Control, TokenType.Control, TokenType.Control],
            Merges = [],
            EndOfSequence = null,
            BeginOfSequence = null,
        };
        var tokenizer = TokenizerReader.Build(metadata.Checked());
        Assert.Equal([3, 5, 4, 2, 0, 1], tokenizer.Encode("<a<a>a<a>>a<", parseSpecial: true));
        Assert.Equal([1, 0, 2], tokenizer.Encode("<a>", parseSpecial: false));
    }

    private static TokenizerMetadata Spoil(string fault) => fault switch
    {
        "an unknown kind" => Tiny with { Model = "bert" },
        "an unknown pre-tokeniser" => Tiny with { Pre = "elvish" },
        "no tokens" => Tiny with { Tokens = [], Types = [] },
        "a token twice" => Tiny with { Tokens = With(Tiny.Tokens, 9, Tiny.Tokens[7]) },
        "too few types" => Tiny with { Types = Tiny.Types[1..] },
        "an unknown type" => Tiny with { Types = With(Tiny.Types, 5, (TokenType)7) },
        "a negative end" => Tiny with { EndOfSequence = -1 },
        "an end beyond the vocabulary" => Tiny with { EndOfSequence = 2048 },
        "a turn's end beyond the vocabulary" => Tiny with { EndOfTurn = int.MaxValue },
        "no merges" => Tiny with { Merges = null },
        "a merge of one" => Tiny with { Merges = With(Tiny.Merges!, 3, "ab") },
        "a merge of nothing" => Tiny with { Merges = With(Tiny.Merges!, 3, "") },
        "a merge of a stranger" => Tiny with { Merges = With(Tiny.Merges!, 3, "a ☃") },
        "a merge into a stranger" => Tiny with { Merges = With(Tiny.Merges!, 3, "Z Q") },
        "a merge twice" => Tiny with { Merges = With(Tiny.Merges!, 9, Tiny.Merges![3]) },
        "no scores" => Spm with { Scores = null },
        "too few scores" => Spm with { Scores = [0, 0, 0] },
        "a score that is no number" => Spm with { Scores = With(Spm.Scores!, 260, float.NaN) },
        "a byte token of another form" => Spm with { Tokens = With(Spm.Tokens, 3 + 'C', "C") },
        "byte tokens out of order" => Spm with { Tokens = With(With(Spm.Tokens, 3 + 'C', "<0x44>"), 3 + 'D', "<0x43>") },
        "a byte token missing" => Spm with { Types = With(Spm.Types, 3 + 255, TokenType.Normal) },
        _ => throw new ArgumentOutOfRangeException(nameof(fault), fault, "no such fault"),
    };

    private static T[] With<T>(T[] values, int index, T value)
    {
        T[] changed = [.. values];
        changed[index] = value;
        return changed;
    }
}
