using System.Text.Json.Nodes;
using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Engine.Model.Text;
using Crescent.Grains.Models;

namespace Crescent.Grains.Requests;

/// <summary>What a prompt is made of: a conversation, a text or tokens. Long ones are read where they are made tokens, not before.</summary>
public sealed class PromptSource
{
    private readonly Func<JsonArray>? _messages;
    private readonly bool _addsGenerationPrompt;
    private readonly bool _continuesLast;
    private readonly IReadOnlyDictionary<string, JsonNode?>? _variables;
    private readonly Func<string>? _text;
    private readonly Func<int[]>? _tokens;

    private readonly Func<long>? _least;
    private readonly int _count;

    private PromptSource(string name, long bytes, Func<string>? text = null, Func<int[]>? tokens = null, Func<long>? least = null, int count = 0) =>
        (Name, Bytes, _text, _tokens, _least, _count) = (name, bytes, text, tokens, least, count);

    private PromptSource(
        string name, long bytes, Func<JsonArray> messages, bool addsGenerationPrompt, IReadOnlyDictionary<string, JsonNode?>? variables, Func<long>? least, bool continuesLast)
        : this(name, bytes, least: least) =>
        (_messages, _addsGenerationPrompt, _variables, _continuesLast) = (messages, addsGenerationPrompt, variables, continuesLast);

    /// <summary>The caller's name for it, such as <c>prompt[2]</c>.</summary>
    public string Name { get; }

    /// <summary>How long it is, about.</summary>
    public long Bytes { get; }

    /// <summary>Whether it is a conversation, which the model's template writes.</summary>
    public bool IsConversation => _messages is not null;

    /// <summary>Messages in OpenAI's form.</summary>
    /// <param name="name">The caller's name for them.</param>
    /// <param name="bytes">How long they are, about.</param>
    /// <param name="messages">The messages.</param>
    /// <param name="addsGenerationPrompt">Whether the prompt ends where the answer begins.</param>
    /// <param name="variables">Further variables for the template; null for none.</param>
    /// <param name="least">Bytes that the users' words have at least without white space; what cannot fit is then refused before the messages are read. Null: not known.</param>
    /// <param name="continuesLast">Whether the answer goes on with the words of the last message.</param>
    public static PromptSource Conversation(
        string name,
        long bytes,
        Func<JsonArray> messages,
        bool addsGenerationPrompt = true,
        IReadOnlyDictionary<string, JsonNode?>? variables = null,
        Func<long>? least = null,
        bool continuesLast = false) => new(name, bytes, messages, addsGenerationPrompt, variables, least, continuesLast);

    /// <summary>A text. Special strings in it become their tokens: who writes a raw prompt writes the model's own format.</summary>
    /// <param name="name">The caller's name for it.</param>
    /// <param name="bytes">How long it is, about.</param>
    /// <param name="text">The text.</param>
    /// <param name="least">Bytes that it has at least, as for a conversation.</param>
    public static PromptSource Text(string name, long bytes, Func<string> text, Func<long>? least = null) => new(name, bytes, text: text, least: least);

    /// <summary>Tokens, each of the model's vocabulary.</summary>
    /// <param name="name">The caller's name for them.</param>
    /// <param name="bytes">How long they are, about.</param>
    /// <param name="tokens">The tokens.</param>
    /// <param name="count">How many they are at least.</param>
    public static PromptSource Tokens(string name, long bytes, Func<int[]> tokens, int count = 0) => new(name, bytes, tokens: tokens, count: count);

    /// <summary>The prompt's tokens.</summary>
    /// <param name="model">Its template and tokenizer.</param>
    /// <param name="tools">Tools for the template, or null.</param>
    /// <param name="room">What it has to fit; null where it is only to be tokens.</param>
    /// <exception cref="RequestFaultException">The model cannot chat, its template refuses the messages, the prompt is empty, or far too long.</exception>
    internal int[] Encode(ServedModel model, JsonArray? tools, ContextRoom? room)
    {
        try
        {
            var most = room?.Tokens ?? int.MaxValue;
            CheckLeast(model, tools, most);
            var tokens = _messages is not null ? Chat(model, _messages(), tools, most) : _text is not null ? Encode(model.Model.Tokenizer, _text(), most) : _tokens!();
            return tokens.Length > 0 ? tokens : throw new RequestFaultException(FaultKind.Value, Name, $"'{Name}' is empty.");
        }
        catch (PromptTooLongException e)
        {
            throw new RequestFaultException(FaultKind.TooLong, Name, $"The prompt has {e.LeastTokens} tokens at least; {room}.");
        }
    }

    /// <summary>Refuses what cannot fit before it is copied: as text and marked for a template it takes many times its bytes.</summary>
    private void CheckLeast(ServedModel model, JsonArray? tools, int most)
    {
        if (_count > most)
        {
            throw new PromptTooLongException(_count);
        }

        var isWritten = _messages is null || (tools is null ? model.Model.ChatPrompt : model.Model.ToolPrompt)?.Form.KeepsUserText == true;
        if (_least is not null && isWritten && Bytes / model.Model.Tokenizer.LongestToken > most)
        {
            model.Model.Tokenizer.CheckBytes(_least(), most);
        }
    }

    private static int[] Encode(Tokenizer tokenizer, string text, int most)
    {
        tokenizer.CheckLength(text, most);
        return tokenizer.Encode(text, parseSpecial: true, addSpecial: true);
    }

    private int[] Chat(ServedModel model, JsonArray messages, JsonArray? tools, int most)
    {
        var prompt = (tools is null ? model.Model.ChatPrompt : model.Model.ToolPrompt) ?? throw new RequestFaultException(
            FaultKind.Unsupported, Name, $"Model '{model.Id}' cannot chat: {model.Model.ChatFault}; use /v1/completions with a prompt.");
        try
        {
            return prompt.Encode(messages, tools, _addsGenerationPrompt, _variables, most, _continuesLast);
        }
        catch (TemplateException e)
        {
            throw new RequestFaultException(FaultKind.Value, Name, $"The model's chat template does not take these messages: {e.Message}");
        }
    }
}
