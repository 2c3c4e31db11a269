using System.Runtime.InteropServices;
using System.Text.Json;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Grains.Models;
using Crescent.Grains.Requests;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>What a request is about: <c>messages</c>, <c>prompt</c> or <c>input</c>. What is long in it is read where it is made tokens of.</summary>
internal static class Prompts
{
    /// <summary>Prompts that one request may have.</summary>
    public const int MaxCount = 128;

    /// <summary>The conversation of a request, with the tools that its template shows.</summary>
    /// <exception cref="ApiException">A field that the template reads is wrong.</exception>
    public static PromptSource Chat(RequestFields body, ServedModel model)
    {
        var (addsPrompt, continues, variables) = TemplateFields.Read(body, model);
        return PromptSource.Conversation(
            "messages", Length(body.Any("messages")) + Length(body.Any("tools")), () => ChatMessages.Read(body), addsPrompt, variables, () => ChatMessages.LeastUserBytes(body), continues);
    }

    /// <summary>
    /// The prompts of a text completion, or the inputs of embeddings: a text, an array of texts, tokens, or an array of arrays of tokens.
    /// </summary>
    /// <param name="body">The request.</param>
    /// <param name="model">Whose tokens they are.</param>
    /// <param name="field">The field that they stand in.</param>
    /// <param name="most">Most of them.</param>
    /// <exception cref="ApiException">It is none of these, or has none or too many.</exception>
    public static IReadOnlyList<PromptSource> Text(RequestFields body, ServedModel model, string field, int most)
    {
        var prompt = body.Any(field) ?? throw ApiException.Missing(field);
        if (prompt.ValueKind == JsonValueKind.String)
        {
            return [Text(prompt, field)];
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
        return [.. prompt.EnumerateArray().Select((one, i) => areTexts ? Text(one, $"{field}[{i}]") : Tokens(one, $"{field}[{i}]", model))];
    }

    /// <summary>An array of tokens of <paramref name="model"/>, one at least.</summary>
    /// <exception cref="ApiException">It is none.</exception>
    internal static int[] ReadTokens(JsonElement tokens, string path, ServedModel model)
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

    private static PromptSource Text(JsonElement text, string path) => text.ValueKind == JsonValueKind.String
        ? PromptSource.Text(path, Length(text), () => text.GetString()!, () => JsonText.SolidBytes(JsonMarshal.GetRawUtf8Value(text)[1..^1]))
        : throw ApiException.InvalidType(path, "a string", RequestFields.Kind(text));

    private static PromptSource Tokens(JsonElement tokens, string path, ServedModel model) =>
        PromptSource.Tokens(path, Length(tokens), () => ReadTokens(tokens, path, model), tokens.ValueKind == JsonValueKind.Array ? tokens.GetArrayLength() : 0);

    /// <summary>Bytes of a value's JSON; 0 where there is none.</summary>
    internal static long Length(JsonElement? value) => value is { } element ? JsonMarshal.GetRawUtf8Value(element).Length : 0;

    private static int Token(JsonElement token, string path, int vocabulary) =>
        token.ValueKind != JsonValueKind.Number ? throw ApiException.InvalidType(path, "a token", RequestFields.Kind(token))
        : token.TryGetInt32(out var id) && id >= 0 && id < vocabulary ? id
        : throw ApiException.InvalidValue(path, $"'{path}' is {token.GetRawText()}; tokens of this model are 0 to {vocabulary - 1}.");
}
