using System.Security.Cryptography;
using System.Text.Json;
using Crescent.Engine.Sampling;

namespace Crescent.Silo.Http;

/// <summary>What chat and text completions have in common, as the request asks for it.</summary>
public sealed record CompletionFields
{
    /// <summary>OpenAI's default: the model's own distribution.</summary>
    public const float DefaultTemperature = 1;

    /// <summary>Stop strings that a request may have.</summary>
    public const int MaxStops = 4;

    /// <summary>How tokens are drawn; without a seed in the request a fresh one.</summary>
    public required SamplingParameters Sampling { get; init; }

    /// <summary>Most tokens to generate, or null where the request leaves it open.</summary>
    public required int? MaxTokens { get; init; }

    /// <summary>The name that <see cref="MaxTokens"/> goes by in the request.</summary>
    public required string MaxTokensName { get; init; }

    /// <summary>Strings that end the output.</summary>
    public required IReadOnlyList<string> Stops { get; init; }

    /// <summary>Answer as server-sent events.</summary>
    public required bool Stream { get; init; }

    /// <summary>End the events with one that holds the usage.</summary>
    public required bool IncludeUsage { get; init; }

    /// <summary>Reads and checks the fields.</summary>
    /// <exception cref="ApiException">One is wrong, or asks for what is not done here.</exception>
    public static CompletionFields Read(RequestFields body, ServedModel model)
    {
        if (body.Text("model") is { } name && !model.IsCalled(name))
        {
            throw ApiException.ModelNotFound(name, model.Id);
        }

        if (body.Integer("n", 1, int.MaxValue) is > 1 and var n)
        {
            throw ApiException.Unsupported("n", $"'n' is {n}; this server gives one choice a request: send it {n} times.");
        }

        var limitName = body.Any("max_completion_tokens") is not null ? "max_completion_tokens" : "max_tokens";
        var (limit, _) = (body.Integer(limitName, 1, int.MaxValue), body.Any("max_tokens"));
        var temperature = (float?)body.Number("temperature", 0, 2);

        // A sum of 0 is reached by the likeliest token alone, as by any sum below its probability.
        var topP = (float?)body.Number("top_p", 0, 1) is { } p ? MathF.Max(p, 1e-6f) : 1;
        var stream = body.Flag("stream") ?? false;
        var streamOptions = body.Object("stream_options");
        if (streamOptions is not null && !stream)
        {
            throw ApiException.InvalidValue("stream_options", "'stream_options' goes with 'stream': true only.");
        }

        RefuseOtherForms(body);
        return new CompletionFields
        {
            Sampling = new SamplingParameters
            {
                Temperature = temperature ?? DefaultTemperature,
                TopP = topP,
                Seed = body.Integer("seed", long.MinValue, long.MaxValue) is { } seed ? unchecked((ulong)seed) : FreshSeed(),
            },
            MaxTokens = (int?)limit,
            MaxTokensName = limitName,
            Stops = ReadStops(body),
            Stream = stream,
            IncludeUsage = streamOptions?.Flag("include_usage") ?? false,
        };
    }

    private static string[] ReadStops(RequestFields body)
    {
        string[] stops = body.Any("stop") switch
        {
            null => [],
            { ValueKind: JsonValueKind.String } one => [one.GetString()!],
            { ValueKind: JsonValueKind.Array } several => [.. several.EnumerateArray().Select((stop, i) => stop.ValueKind == JsonValueKind.String
                ? stop.GetString()!
                : throw ApiException.InvalidType($"stop[{i}]", "a string", RequestFields.Kind(stop)))],
            { } other => throw ApiException.InvalidType("stop", $"a string or an array of up to {MaxStops}", RequestFields.Kind(other)),
        };
        if (stops.Length > MaxStops)
        {
            throw ApiException.InvalidValue("stop", $"'stop' has {stops.Length} strings; it takes up to {MaxStops}.");
        }

        return stops.Contains("") ? throw ApiException.InvalidValue("stop", "'stop' holds an empty string, which would end every output.") : stops;
    }

    // Fields that this server does not know are ignored, but not those that ask for an answer of another form: it would be missed.
    private static void RefuseOtherForms(RequestFields body)
    {
        foreach (var (name, plain) in new (string, Func<JsonElement, bool>)[]
        {
            ("logprobs", v => v.ValueKind == JsonValueKind.False),
            ("top_logprobs", v => IsNumber(v, 0)),
            ("echo", v => v.ValueKind == JsonValueKind.False),
            ("best_of", v => IsNumber(v, 1)),
            ("suffix", v => v.ValueKind == JsonValueKind.String && v.GetString() == ""),
            ("tools", v => v.ValueKind == JsonValueKind.Array && v.GetArrayLength() == 0),
            ("functions", v => v.ValueKind == JsonValueKind.Array && v.GetArrayLength() == 0),
            ("response_format", v => v.ValueKind == JsonValueKind.Object && v.TryGetProperty("type", out var t) && t.ValueKind == JsonValueKind.String && t.GetString() == "text"),
            ("modalities", v => v.ValueKind == JsonValueKind.Array && v.EnumerateArray().All(m => m.ValueKind == JsonValueKind.String && m.GetString() == "text")),
        })
        {
            if (body.Any(name) is { } value && !plain(value))
            {
                throw ApiException.Unsupported(name, $"This server does not do what '{name}' asks for; leave it out.");
            }
        }
    }

    private static bool IsNumber(JsonElement value, int number) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var found) && found == number;

    private static ulong FreshSeed() => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
}
