using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Model.Text;

/// <summary>The <c>tokenizer.ggml.*</c> keys of a file, checked against each other.</summary>
internal sealed record TokenizerMetadata
{
    private const string Prefix = "tokenizer.ggml.";

    /// <summary>The file, for messages.</summary>
    public required string Path { get; init; }

    /// <summary>Kind of vocabulary: <c>gpt2</c> or <c>llama</c>.</summary>
    public required string Model { get; init; }

    /// <summary>Name of the pre-tokeniser.</summary>
    public string Pre { get; init; } = "default";

    /// <summary>Text of each token; none but the empty one twice.</summary>
    public required string[] Tokens { get; init; }

    /// <summary>One for each token.</summary>
    public required TokenType[] Types { get; init; }

    /// <summary>One for each token, or null where the file has none.</summary>
    public float[]? Scores { get; init; }

    /// <summary>Pairs to merge, parted by a space, the first merged first; null where the file has none.</summary>
    public string[]? Merges { get; init; }

    /// <summary>Token ids, or null where the file does not name one.</summary>
    public int? BeginOfSequence { get; init; }

    /// <inheritdoc cref="BeginOfSequence"/>
    public int? EndOfSequence { get; init; }

    /// <inheritdoc cref="BeginOfSequence"/>
    public int? EndOfTurn { get; init; }

    /// <inheritdoc cref="BeginOfSequence"/>
    public int? EndOfMessage { get; init; }

    /// <inheritdoc cref="BeginOfSequence"/>
    public int? Unknown { get; init; }

    /// <summary>Whether the file says to put <see cref="BeginOfSequence"/> before a prompt; null where it does not say.</summary>
    public bool? AddBeginOfSequence { get; init; }

    /// <summary>Whether the file says to put a space before text; null where it does not say.</summary>
    public bool? AddSpacePrefix { get; init; }

    /// <exception cref="InvalidModelException">The keys are missing, or do not fit each other.</exception>
    public static TokenizerMetadata Read(GgufFile file)
    {
        var tokens = file.FindStrings(Prefix + "tokens");
        return new TokenizerMetadata
        {
            Path = file.Path,
            Model = file.GetString(Prefix + "model"),
            Pre = file.FindString(Prefix + "pre") ?? "default",
            Tokens = tokens ?? throw new InvalidModelException(file.Path, Prefix + "tokens", "the key is missing"),
            Types = file.FindIntegers(Prefix + "token_type") is { } types
                ? [.. types.Select(type => (TokenType)type)]
                : [.. Enumerable.Repeat(TokenType.Normal, tokens.Length)],
            Scores = file.FindFloats(Prefix + "scores"),
            Merges = file.FindStrings(Prefix + "merges"),
            BeginOfSequence = Id(file, "bos_token_id"),
            EndOfSequence = Id(file, "eos_token_id"),
            EndOfTurn = Id(file, "eot_token_id"),
            EndOfMessage = Id(file, "eom_token_id"),
            Unknown = Id(file, "unknown_token_id"),
            AddBeginOfSequence = file.FindBoolean(Prefix + "add_bos_token"),
            AddSpacePrefix = file.FindBoolean(Prefix + "add_space_prefix"),
        }.Checked();
    }

    /// <summary>An error in one of these keys.</summary>
    public InvalidModelException Fault(string key, string fault) => new(Path, Prefix + key, fault);

    /// <summary>This, after every count and id has been checked.</summary>
    /// <exception cref="InvalidModelException">One of them is wrong.</exception>
    public TokenizerMetadata Checked()
    {
        if (Tokens.Length == 0)
        {
            throw Fault("tokens", "is empty");
        }

        CheckCount("token_type", Types.Length);
        CheckCount("scores", Scores?.Length ?? Tokens.Length);
        CheckId("bos_token_id", BeginOfSequence);
        CheckId("eos_token_id", EndOfSequence);
        CheckId("eot_token_id", EndOfTurn);
        CheckId("eom_token_id", EndOfMessage);
        CheckId("unknown_token_id", Unknown);
        var badType = Array.FindIndex(Types, type => type is < TokenType.Undefined or > TokenType.Byte);
        if (badType >= 0)
        {
            throw Fault("token_type", $"token {badType} has type {(int)Types[badType]}; known are 0 to 6");
        }

        var seen = new Dictionary<string, int>(Tokens.Length, StringComparer.Ordinal);
        for (var id = 0; id < Tokens.Length; id++)
        {
            if (Tokens[id].Length > 0 && !seen.TryAdd(Tokens[id], id))
            {
                throw Fault("tokens", $"tokens {seen[Tokens[id]]} and {id} are both \"{Tokens[id]}\"");
            }
        }

        return this;
    }

    /// <summary>The same with the types of markers corrected.</summary>
    public TokenizerMetadata WithMarkers() => this with
    {
        Types = [.. Types.Select((type, id) => MarkerTokens.TypeOf(Tokens[id], type, isNamedEnd: id == EndOfSequence || id == EndOfTurn || id == EndOfMessage))],
    };

    /// <summary>An id that is no int is out of range for any vocabulary: <see cref="Checked"/> says so of -1.</summary>
    private static int? Id(GgufFile file, string key) => file.FindInteger(Prefix + key) switch
    {
        null => null,
        < 0 or > int.MaxValue => -1,
        { } id => (int)id,
    };

    private void CheckCount(string key, int count)
    {
        if (count != Tokens.Length)
        {
            throw Fault(key, $"has {count} entries for {Tokens.Length} tokens");
        }
    }

    private void CheckId(string key, int? id)
    {
        if (id < 0 || id >= Tokens.Length)
        {
            throw Fault(key, $"names a token outside the vocabulary of {Tokens.Length}");
        }
    }
}
