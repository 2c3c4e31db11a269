using System.Text.Json;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Models;
using Crescent.Grains.Requests;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>What chat and text completions have in common, as the request asks for it.</summary>
public sealed record CompletionFields
{
    /// <summary>Stop strings that a request may have.</summary>
    public const int MaxStops = 4;

    /// <summary>Characters of a stop string: each answer takes them to its device, and looks for them in all that it writes.</summary>
    public const int MaxStopLength = 1024;

    /// <summary>Answers to one prompt that a request may ask for.</summary>
    public const int MaxChoices = 128;

    private const double MaxDeadlineSeconds = 86_400;
    private const string NewLimit = "max_completion_tokens";
    private const string OldLimit = "max_tokens";

    /// <summary>The model that is to run it.</summary>
    public required ServedModel Model { get; init; }

    /// <summary>Whether the answer begins with its prompt.</summary>
    public bool Echo { get; init; }

    /// <summary>Whether the tokens of the prompt come with their logprobs, and so are given to the model one after the other.</summary>
    public bool EchoesLogprobs => Echo && Call.Sampling.TopLogprobs is not null;

    /// <summary>Answers to each prompt.</summary>
    public int Choices { get; init; } = 1;

    /// <summary>Answers to make, of which the likeliest <see cref="Choices"/> are sent.</summary>
    public int Candidates { get; init; } = 1;

    /// <summary>
    /// What is asked of each answer: OpenAI's fields, and the extensions <c>stop_token_ids</c>, <c>ignore_eos</c>, <c>priority</c> (interactive, standard,
    /// batch), <c>cache_salt</c>, <c>deadline_seconds</c> and <c>speculative_tokens</c>. Each answer takes its id, prompt, limit and seed from here on.
    /// </summary>
    public required InferenceRequest Call { get; init; }

    /// <summary>Most tokens to generate, or null where the request leaves it open.</summary>
    public required int? MaxTokens { get; init; }

    /// <summary>The name that <see cref="MaxTokens"/> goes by in the request.</summary>
    public required string MaxTokensName { get; init; }

    /// <summary>Answer as server-sent events.</summary>
    public required bool Stream { get; init; }

    /// <summary>Whether what the model thinks is told.</summary>
    public bool TellsThoughts { get; init; } = true;

    /// <summary>Whether what the model thinks is parted from what it says, and not a part of it.</summary>
    public bool PartsThoughts { get; init; } = true;

    /// <summary>End the events with one that holds the usage.</summary>
    public required bool IncludeUsage { get; init; }

    /// <summary>Reads and checks the fields.</summary>
    /// <exception cref="ApiException">One is wrong, or asks for what is not done here.</exception>
    /// <param name="body">The request.</param>
    /// <param name="model">The model that it means.</param>
    /// <param name="leastTokens">Fewest tokens that it may ask for.</param>
    /// <param name="own">Fields that its dialect gives a meaning of its own.</param>
    public static CompletionFields Read(RequestFields body, ServedModel model, int leastTokens = 1, params string[] own)
    {
        var limit = body.Integer(NewLimit, leastTokens, int.MaxValue);
        var oldLimit = body.Integer(OldLimit, leastTokens, int.MaxValue);
        if (limit is { } one && oldLimit is { } other && one != other)
        {
            throw ApiException.InvalidValue(OldLimit, $"'{OldLimit}' is {other} and '{NewLimit}' is {one}; leave one of them out.");
        }

        var stream = body.Flag("stream") ?? false;
        var streamOptions = body.Object("stream_options");
        if (streamOptions is not null && !stream)
        {
            throw ApiException.InvalidValue("stream_options", "'stream_options' goes with 'stream': true only.");
        }

        if (streamOptions is not null)
        {
            RefusedFields.CheckStream(streamOptions);
        }

        RefusedFields.Check(body, own);
        var choices = (int)(body.Integer("n", 1, MaxChoices) ?? 1);
        var guesses = (int?)body.Integer("speculative_tokens", 0, RequestDesk.MaxSpeculativeTokens);
        return new CompletionFields
        {
            Model = model,
            Call = new InferenceRequest
            {
                Prompt = [],
                MaxTokens = 0,
                Sampling = SamplingFields.Read(body, model),
                StopStrings = ReadStops(body),
                StopTokens = SamplingFields.StopTokens(body, model),
                IgnoreEndOfGeneration = body.Flag("ignore_eos") ?? false,
                Priority = ReadPriority(body),
                CacheSalt = RequestOwner.Checked(body.Text("cache_salt"), "cache_salt"),
                Deadline = ReadDeadline(body),
                SpeculativeTokens = guesses ?? 0,
                DraftTokens = guesses,
            },
            Choices = choices,
            Candidates = ReadCandidates(body, choices, stream),
            MaxTokens = (int?)(limit ?? oldLimit),
            MaxTokensName = limit is null ? OldLimit : NewLimit,
            Stream = stream,
            TellsThoughts = body.Flag("include_reasoning") ?? true,
            PartsThoughts = body.Flag("separate_reasoning") ?? true,
            IncludeUsage = streamOptions?.Flag("include_usage") ?? false,
        };
    }

    /// <summary>The same for <paramref name="owner"/>: its key's tenant, <c>user</c>, the extensions <c>crescent.task</c> and <c>program</c>, or their headers.</summary>
    internal CompletionFields Of(RequestOwner owner) => this with { Call = owner.Own(Call) };

    /// <summary>What is asked for, in the form that no dialect has.</summary>
    /// <param name="id">Of the answer.</param>
    /// <param name="prompts">What it is about.</param>
    /// <param name="began">When it came.</param>
    internal ModelRequest Request(string id, IReadOnlyList<PromptSource> prompts, long began) => new()
    {
        Id = id,
        Model = Model,
        Prompts = prompts,
        Call = Call,
        MaxTokens = MaxTokens,
        MaxTokensName = MaxTokensName,
        Candidates = Candidates,
        WantsLikelihood = Candidates > Choices,
        Began = began,
    };

    internal static TimeSpan? ReadDeadline(RequestFields body) =>
        body.Number("deadline_seconds", 0.001, MaxDeadlineSeconds) is { } deadline ? TimeSpan.FromSeconds(deadline) : null;

    /// <summary>Stop strings, by the dialect's name for them.</summary>
    /// <exception cref="ApiException">There are too many, or one is none.</exception>
    internal static string[] ReadStops(RequestFields body, string name = "stop", int most = MaxStops)
    {
        string[] stops = body.Any(name) switch
        {
            null => [],
            { ValueKind: JsonValueKind.String } one => [one.GetString()!],
            { ValueKind: JsonValueKind.Array } several => [.. several.EnumerateArray().Select((stop, index) => ReadStop(stop, $"{name}[{index}]"))],
            { } other => throw ApiException.InvalidType(name, $"a string or an array of up to {most}", RequestFields.Kind(other)),
        };
        if (stops.Length > most)
        {
            throw ApiException.InvalidValue(name, $"'{name}' has {stops.Length} strings; it takes up to {most}.");
        }

        if (Array.FindIndex(stops, static stop => stop.Length > MaxStopLength) is var index and >= 0)
        {
            throw ApiException.InvalidValue(name, $"'{name}' holds a string of {stops[index].Length} characters; each has up to {MaxStopLength}.");
        }

        return stops.Contains("")
            ? throw ApiException.InvalidValue(name, $"'{name}' holds an empty string, which would end every output.")
            : stops;
    }

    private static string ReadStop(JsonElement stop, string path) => stop.ValueKind == JsonValueKind.String
        ? stop.GetString()!
        : throw ApiException.InvalidType(path, "a string", RequestFields.Kind(stop));

    private static int ReadCandidates(RequestFields body, int choices, bool stream)
    {
        var candidates = (int)(body.Integer("best_of", 1, MaxChoices) ?? choices);
        return candidates < choices ? throw ApiException.InvalidValue("best_of", $"'best_of' is {candidates}, fewer than the {choices} answers of 'n'.")
            : candidates > choices && stream ? throw ApiException.InvalidValue("best_of", "'best_of' chooses among whole answers and cannot be streamed.")
            : candidates;
    }

    internal static RequestPriority ReadPriority(RequestFields body) => body.Text("priority") switch
    {
        null or "standard" => RequestPriority.Standard,
        "interactive" => RequestPriority.Interactive,
        "batch" => RequestPriority.Batch,
        var other => throw ApiException.InvalidValue("priority", $"'priority' is '{other}'; it takes interactive, standard or batch."),
    };
}
