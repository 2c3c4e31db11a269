using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using System.Text.Json;
using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Grains.Models;
using Crescent.Grains.Serving;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>Makes the prompt tokens of a request and sees that they fit.</summary>
public static class Prompts
{
    /// <summary>Prompts that one request may have.</summary>
    public const int MaxCount = 128;

    /// <summary>Answers that a request may ask for, over all its prompts.</summary>
    public const int MaxCalls = 2048;

    /// <summary>Prompt tokens that a request may have, over all its answers: each takes its prompt to its device. 16 MiB of them.</summary>
    public const long MaxPromptTokens = 1 << 22;

    /// <summary>The prompt of a conversation.</summary>
    /// <param name="body">The request.</param>
    /// <param name="model">Its template and tokenizer.</param>
    /// <param name="texts">Where long texts are done.</param>
    /// <param name="cancellation">The client's leaving.</param>
    /// <param name="tools">Tools of the request, or null.</param>
    /// <exception cref="ApiException">The model has no template, or it refuses the messages.</exception>
    public static ValueTask<int[]> Chat(
        RequestFields body, ServedModel model, TextWork texts, CancellationToken cancellation, JsonArray? tools = null) =>
        texts.Do(Length(body.Any("messages")) + Length(body.Any("tools")), () => Chat(body, model, tools), cancellation);

    private static int[] Chat(RequestFields body, ServedModel model, JsonArray? tools)
    {
        var messages = ChatMessages.Read(body);
        var prompt = model.Model.ChatPrompt ?? throw ApiException.Unsupported(
            "messages", $"Model '{model.Id}' cannot chat: {model.Model.ChatFault}; use /v1/completions with a prompt.");
        try
        {
            return prompt.Encode(messages, tools);
        }
        catch (TemplateException e)
        {
            throw ApiException.InvalidValue("messages", $"The model's chat template does not take these messages: {e.Message}");
        }
    }

    /// <summary>
    /// The prompts of a text completion, or the inputs of embeddings: a text, an array of texts, tokens, or an array of arrays of tokens.
    /// Special strings in a text become their tokens: who sends a raw prompt writes the model's own format.
    /// </summary>
    /// <param name="body">The request.</param>
    /// <param name="model">Its tokenizer and vocabulary.</param>
    /// <param name="texts">Where long texts are done.</param>
    /// <param name="cancellation">The client's leaving.</param>
    /// <param name="field">The field that they stand in.</param>
    /// <param name="most">Most of them.</param>
    /// <exception cref="ApiException">It is none of these, or empty.</exception>
    public static ValueTask<IReadOnlyList<int[]>> Text(
        RequestFields body, ServedModel model, TextWork texts, CancellationToken cancellation, string field = "prompt", int most = MaxCount) =>
        texts.Do(Length(body.Any(field)), () => Text(body, model, field, most, cancellation), cancellation);

    private static IReadOnlyList<int[]> Text(RequestFields body, ServedModel model, string field, int most, CancellationToken cancellation)
    {
        var prompt = body.Any(field) ?? throw ApiException.Missing(field);
        if (prompt.ValueKind == JsonValueKind.String)
        {
            return [Encode(prompt, field, model, cancellation)];
        }

        if (prompt.ValueKind != JsonValueKind.Array)
        {
            throw ApiException.InvalidType(
                field, "a string, an array of strings, tokens, or an array of arrays of tokens", RequestFields.Kind(prompt));
        }

        if (prompt.GetArrayLength() == 0)
        {
            throw ApiException.InvalidValue(field, $"'{field}' is an empty array.");
        }

        if (prompt[0].ValueKind == JsonValueKind.Number)
        {
            return [Tokens(prompt, field, model)];
        }

        if (prompt.GetArrayLength() > most)
        {
            throw ApiException.InvalidValue(field, $"'{field}' has {prompt.GetArrayLength()} prompts; it takes up to {most}.");
        }

        var areTexts = prompt[0].ValueKind == JsonValueKind.String;
        return [.. prompt.EnumerateArray().Select((one, i) => areTexts ? Encode(one, $"{field}[{i}]", model, cancellation) : Tokens(one, $"{field}[{i}]", model))];
    }

    /// <summary>Tokens to generate after <paramref name="prompt"/>: what is asked for, or all that there is room for.</summary>
    /// <exception cref="ApiException">There is no room for them.</exception>
    internal static int Budget(int[] prompt, int? wanted, string wantedName, string promptName, in ContextRoom room)
    {
        if (prompt.Length >= room.Tokens)
        {
            throw ApiException.ContextLength(promptName, $"The prompt has {prompt.Length} tokens; {room}, of which at least 1 is for the answer.");
        }

        if (wanted is { } tokens && tokens > room.Tokens - prompt.Length)
        {
            throw ApiException.ContextLength(
                promptName, $"The prompt has {prompt.Length} tokens and '{wantedName}' is {tokens}, together {prompt.Length + (long)tokens}; {room}.");
        }

        return wanted ?? room.Tokens - prompt.Length;
    }

    /// <summary>Refuses a request that a few bytes make into thousands of calls.</summary>
    public static void CheckCount(IReadOnlyList<int[]> prompts, int candidates)
    {
        var answers = (long)prompts.Count * candidates;
        if (answers > MaxCalls)
        {
            throw ApiException.InvalidValue(
                "n", $"{prompts.Count} prompts with {candidates} answers each are {answers} answers; a request may ask for up to {MaxCalls}. Send several requests.");
        }

        var tokens = prompts.Sum(static prompt => (long)prompt.Length) * candidates;
        if (tokens > MaxPromptTokens)
        {
            throw ApiException.InvalidValue(
                "n", $"Prompts and answers to each are {tokens} prompt tokens together; a request may have up to {MaxPromptTokens}. Send several requests.");
        }
    }

    private static int[] Encode(JsonElement text, string path, ServedModel model, CancellationToken cancellation)
    {
        if (text.ValueKind != JsonValueKind.String)
        {
            throw ApiException.InvalidType(path, "a string", RequestFields.Kind(text));
        }

        cancellation.ThrowIfCancellationRequested();
        var tokens = model.Model.Tokenizer.Encode(text.GetString()!, parseSpecial: true, addSpecial: true);
        return tokens.Length > 0 ? tokens : throw ApiException.InvalidValue(path, $"'{path}' is empty.");
    }

    /// <summary>Bytes of a value's JSON; 0 where there is none.</summary>
    private static long Length(JsonElement? value) => value is { } element ? JsonMarshal.GetRawUtf8Value(element).Length : 0;

    internal static int[] Tokens(JsonElement tokens, string path, ServedModel model)
    {
        if (tokens.ValueKind != JsonValueKind.Array)
        {
            throw ApiException.InvalidType(path, "an array of tokens", RequestFields.Kind(tokens));
        }

        if (tokens.GetArrayLength() == 0)
        {
            throw ApiException.InvalidValue(path, $"'{path}' is empty.");
        }

        var vocabulary = model.Model.Tokenizer.VocabularySize;
        return [.. tokens.EnumerateArray().Select((token, i) => Token(token, $"{path}[{i}]", vocabulary))];
    }

    private static int Token(JsonElement token, string path, int vocabulary) =>
        token.ValueKind != JsonValueKind.Number ? throw ApiException.InvalidType(path, "a token", RequestFields.Kind(token))
        : token.TryGetInt32(out var id) && id >= 0 && id < vocabulary ? id
        : throw ApiException.InvalidValue(path, $"'{path}' is {token.GetRawText()}; tokens of this model are 0 to {vocabulary - 1}.");
}
