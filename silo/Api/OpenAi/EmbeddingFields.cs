using Crescent.Engine.Scheduling;
using Crescent.Grains.Models;
using Crescent.Grains.Serving;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>What a request for embeddings asks for.</summary>
public sealed record EmbeddingFields
{
    /// <summary>Inputs that a request may have, as OpenAI's.</summary>
    public const int MaxInputs = 2048;

    /// <summary>Floats that an answer may have, over all its embeddings: 16 MiB.</summary>
    public const int MaxFloats = 1 << 22;

    /// <summary>Tokens of each input, at least one and at most the context.</summary>
    public required IReadOnlyList<int[]> Inputs { get; init; }

    /// <summary>Send each as the base64 of its floats, little endian, instead of as an array of numbers.</summary>
    public required bool Base64 { get; init; }

    /// <summary>Class of service (extension <c>priority</c>).</summary>
    public RequestPriority Priority { get; init; } = RequestPriority.Standard;

    /// <summary>Time after which the answer is not wanted any more (extension <c>deadline_seconds</c>).</summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>Reads and checks the fields.</summary>
    /// <exception cref="ApiException">One is wrong, or asks for what is not done here.</exception>
    internal static async Task<EmbeddingFields> Read(
        RequestFields body, ServedModel model, ContextRoom room, TextWork texts, CancellationToken cancellation)
    {
        if (model.EmbeddingSize == 0)
        {
            throw ApiException.Unsupported(
                "model", $"Model '{model.Id}' is simulated and has no hidden states to make embeddings of; serve a real one with --model and --devices cpu.");
        }

        if (body.Integer("dimensions", 1, int.MaxValue) is { } dimensions && dimensions != model.EmbeddingSize)
        {
            throw ApiException.Unsupported(
                "dimensions",
                $"'dimensions' is {dimensions}; embeddings of '{model.Id}' have {model.EmbeddingSize} and cannot be shortened: leave it out.");
        }

        var inputs = await Prompts.Text(body, model, texts, cancellation, "input", Math.Min(MaxInputs, Math.Max(1, MaxFloats / model.EmbeddingSize)));
        for (var i = 0; i < inputs.Count; i++)
        {
            if (inputs[i].Length > room.Tokens)
            {
                throw ApiException.ContextLength(
                    inputs.Count == 1 ? "input" : $"input[{i}]",
                    $"The input has {inputs[i].Length} tokens; {room}.");
            }
        }

        return new EmbeddingFields
        {
            Inputs = inputs,
            Base64 = ReadFormat(body),
            Priority = CompletionFields.ReadPriority(body),
            Deadline = CompletionFields.ReadDeadline(body),
        };
    }

    private static bool ReadFormat(RequestFields body) => body.Text("encoding_format") switch
    {
        null or "float" => false,
        "base64" => true,
        var other => throw ApiException.InvalidValue("encoding_format", $"'encoding_format' is '{other}'; it takes float or base64."),
    };
}
