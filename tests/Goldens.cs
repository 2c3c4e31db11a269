using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Crescent.Tests;

/// <summary>
/// What other implementations answer for a model file: token ids and logprobs of greedy continuations, tokenizations, rendered chat
/// templates.
/// </summary>
public sealed record Goldens
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>The model file's name.</summary>
    public required string Model { get; init; }

    /// <summary>Greedy tokens must be equal up to the first step whose gap is below this logprob distance.</summary>
    public required double Tie { get; init; }

    public required IReadOnlyList<Prompt> Prompts { get; init; }

    public required IReadOnlyList<Tokenization> Tokenizer { get; init; }

    public required IReadOnlyList<ChatCase> Chat { get; init; }

    /// <summary>How far llama.cpp is from exact.</summary>
    public required ErrorFigures LlamacppError { get; init; }

    /// <summary>Reads the goldens file at <paramref name="path"/>.</summary>
    public static Goldens Read(string path)
    {
        using var stream = File.OpenRead(path);
        return JsonSerializer.Deserialize<Goldens>(stream, Json) ?? throw new InvalidDataException($"{path} is empty.");
    }

    /// <summary>A prompt and llama.cpp's greedy continuation of it.</summary>
    /// <param name="Name">What the prompt is about.</param>
    /// <param name="Text">The text, chat template already rendered.</param>
    /// <param name="Ids">Its tokens; nothing is put before them.</param>
    /// <param name="Steps">The tokens that follow.</param>
    /// <param name="SafeSteps">Steps before the first near tie.</param>
    /// <param name="Safe">Their text: greedy output must start with it.</param>
    public sealed record Prompt(string Name, string Text, int[] Ids, IReadOnlyList<Step> Steps, int SafeSteps, string Safe)
    {
        /// <summary>The tokens of the prompt and of all steps.</summary>
        [JsonIgnore]
        public int[] AllIds => [.. Ids, .. Steps.Select(static step => step.Id)];

        public override string ToString() => Name;
    }

    /// <summary>One greedy token.</summary>
    /// <param name="Id">The token.</param>
    /// <param name="Gap">Exact distance in logprob between the two likeliest tokens.</param>
    /// <param name="Top">The five likeliest.</param>
    public sealed record Step(int Id, double Gap, IReadOnlyList<Candidate> Top);

    /// <summary>One of the likeliest tokens; written as <c>[id, exact, llama.cpp]</c>.</summary>
    [JsonConverter(typeof(CandidateConverter))]
    public readonly record struct Candidate(int Id, double Exact, double LlamaCpp);

    /// <summary>A text and its tokens, with special strings parsed and as plain text.</summary>
    public sealed record Tokenization(string Text, int[] Ids, int[] Plain);

    /// <summary>Messages and the prompt that the file's template makes of them, with a generation prompt.</summary>
    public sealed record ChatCase(string Name, JsonArray Messages, string Prompt, JsonArray? Tools = null);

    /// <summary>Differences in logprob, over all <paramref name="Steps"/> of all prompts.</summary>
    public sealed record ErrorFigures(double Median, double P99, double Max, double Mean, int Steps);

    private sealed class CandidateConverter : JsonConverter<Candidate>
    {
        public override Candidate Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var row = JsonSerializer.Deserialize<double[]>(ref reader, options)!;
            return new Candidate((int)row[0], row[1], row[2]);
        }

        public override void Write(Utf8JsonWriter writer, Candidate value, JsonSerializerOptions options)
            => throw new NotSupportedException();
    }
}
