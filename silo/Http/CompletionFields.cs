using System.Text.Json;
using Crescent.Engine.Sampling;

namespace Crescent.Silo.Http;

/// <summary>What chat and text completions have in common, as the request asks for it.</summary>
public sealed record CompletionFields
{
    /// <summary>Stop strings that a request may have.</summary>
    public const int MaxStops = 4;

    private const string NewLimit = "max_completion_tokens";
    private const string OldLimit = "max_tokens";

    /// <summary>How tokens are drawn.</summary>
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

        var limit = body.Integer(NewLimit, 1, int.MaxValue);
        var oldLimit = body.Integer(OldLimit, 1, int.MaxValue);
        var stream = body.Flag("stream") ?? false;
        var streamOptions = body.Object("stream_options");
        if (streamOptions is not null && !stream)
        {
            throw ApiException.InvalidValue("stream_options", "'stream_options' goes with 'stream': true only.");
        }

        RefuseOtherForms(body);
        return new CompletionFields
        {
            Sampling = SamplingFields.Read(body, model),
            MaxTokens = (int?)(limit ?? oldLimit),
            MaxTokensName = limit is null ? OldLimit : NewLimit,
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
            { ValueKind: JsonValueKind.Array } several => [.. several.EnumerateArray().Select(ReadStop)],
            { } other => throw ApiException.InvalidType("stop", $"a string or an array of up to {MaxStops}", RequestFields.Kind(other)),
        };
        if (stops.Length > MaxStops)
        {
            throw ApiException.InvalidValue("stop", $"'stop' has {stops.Length} strings; it takes up to {MaxStops}.");
        }

        return stops.Contains("")
            ? throw ApiException.InvalidValue("stop", "'stop' holds an empty string, which would end every output.")
            : stops;
    }

    private static string ReadStop(JsonElement stop, int index) => stop.ValueKind == JsonValueKind.String
        ? stop.GetString()!
        : throw ApiException.InvalidType($"stop[{index}]", "a string", RequestFields.Kind(stop));

    // Fields that this server does not know are ignored, but not those that ask for an answer of another form: it would be missed.
    private static void RefuseOtherForms(RequestFields body)
    {
        foreach (var (name, plain) in new (string, Func<JsonElement, bool>)[]
        {
            ("logprobs", v => v.ValueKind == JsonValueKind.False),
            ("top_logprobs", v => IsNumber(v, 0)),
            ("echo", v => v.ValueKind == JsonValueKind.False),
            ("best_of", v => IsNumber(v, 1)),
            ("suffix", v => IsText(v, "")),
            ("tools", v => v.ValueKind == JsonValueKind.Array && v.GetArrayLength() == 0),
            ("functions", v => v.ValueKind == JsonValueKind.Array && v.GetArrayLength() == 0),
            ("response_format", v => v.ValueKind == JsonValueKind.Object && v.TryGetProperty("type", out var type) && IsText(type, "text")),
            ("modalities", v => v.ValueKind == JsonValueKind.Array && v.EnumerateArray().All(m => IsText(m, "text"))),
        })
        {
            if (body.Any(name) is { } value && !plain(value))
            {
                throw ApiException.Unsupported(name, $"This server does not do what '{name}' asks for; leave it out.");
            }
        }
    }

    private static bool IsText(JsonElement value, string text) => value.ValueKind == JsonValueKind.String && value.GetString() == text;

    private static bool IsNumber(JsonElement value, int number) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var found) && found == number;
}
