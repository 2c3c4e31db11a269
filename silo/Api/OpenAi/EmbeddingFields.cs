using Crescent.Engine.Scheduling;
using Crescent.Grains.Models;
using Crescent.Grains.Requests;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>The fields of a request for embeddings: OpenAI's, and the extensions <c>priority</c> and <c>deadline_seconds</c>.</summary>
internal static class EmbeddingFields
{
    /// <summary>Inputs that a request may have, as OpenAI's.</summary>
    public const int MaxInputs = 2048;

    /// <summary>Floats that an answer may have, over all its embeddings: 16 MiB.</summary>
    public const int MaxFloats = 1 << 22;

    /// <summary>What is asked for.</summary>
    /// <exception cref="ApiException">A field is wrong, or asks for what is not done here.</exception>
    public static ModelRequest Read(RequestFields body, ServedModel model, in RequestOwner owner, long began)
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

        RefusedFields.CheckEmbeddings(body);
        return new ModelRequest
        {
            Id = $"embd-{Guid.NewGuid():N}",
            Model = model,
            Prompts = Prompts.Text(body, model, "input", Math.Min(MaxInputs, Math.Max(1, MaxFloats / model.EmbeddingSize))),
            Call = owner.Own(new InferenceRequest
            {
                Prompt = [],
                MaxTokens = 0,
                WantsEmbedding = true,
                Priority = CompletionFields.ReadPriority(body),
                Deadline = CompletionFields.ReadDeadline(body),
            }),
            Began = began,
        };
    }

    /// <summary>Whether each is to be sent as the base64 of its floats, little endian, instead of as an array of numbers.</summary>
    /// <exception cref="ApiException">It is to be sent otherwise.</exception>
    public static bool IsBase64(RequestFields body) => body.Text("encoding_format") switch
    {
        null or "float" => false,
        "base64" => true,
        var other => throw ApiException.InvalidValue("encoding_format", $"'encoding_format' is '{other}'; it takes float or base64."),
    };
}
