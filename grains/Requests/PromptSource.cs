using System.Text.Json.Nodes;
using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Grains.Models;

namespace Crescent.Grains.Requests;

/// <summary>What a prompt is made of: a conversation, a text or tokens. Long ones are read where they are made tokens, not before.</summary>
public sealed class PromptSource
{
    private readonly Func<JsonArray>? _messages;
    private readonly Func<string>? _text;
    private readonly Func<int[]>? _tokens;

    private PromptSource(string name, long bytes, Func<JsonArray>? messages = null, Func<string>? text = null, Func<int[]>? tokens = null) =>
        (Name, Bytes, _messages, _text, _tokens) = (name, bytes, messages, text, tokens);

    /// <summary>The caller's name for it, such as <c>prompt[2]</c>.</summary>
    public string Name { get; }

    /// <summary>How long it is, about.</summary>
    public long Bytes { get; }

    /// <summary>Messages as chat templates take them.</summary>
    public static PromptSource Conversation(string name, long bytes, Func<JsonArray> messages) => new(name, bytes, messages: messages);

    /// <summary>A text. Special strings in it become their tokens: who writes a raw prompt writes the model's own format.</summary>
    public static PromptSource Text(string name, long bytes, Func<string> text) => new(name, bytes, text: text);

    /// <summary>Tokens, each of the model's vocabulary.</summary>
    public static PromptSource Tokens(string name, long bytes, Func<int[]> tokens) => new(name, bytes, tokens: tokens);

    /// <summary>The prompt's tokens.</summary>
    /// <param name="model">Its template and tokenizer.</param>
    /// <param name="tools">Tools for the template, or null.</param>
    /// <exception cref="RequestFaultException">The model cannot chat, its template refuses the messages, or the prompt is empty.</exception>
    internal int[] Encode(ServedModel model, JsonArray? tools)
    {
        var tokens = _messages is not null ? Chat(model, _messages(), tools)
            : _text is not null ? model.Model.Tokenizer.Encode(_text(), parseSpecial: true, addSpecial: true)
            : _tokens!();
        return tokens.Length > 0 ? tokens : throw new RequestFaultException(FaultKind.Value, Name, $"'{Name}' is empty.");
    }

    private int[] Chat(ServedModel model, JsonArray messages, JsonArray? tools)
    {
        var prompt = model.Model.ChatPrompt ?? throw new RequestFaultException(
            FaultKind.Unsupported, Name, $"Model '{model.Id}' cannot chat: {model.Model.ChatFault}; use /v1/completions with a prompt.");
        try
        {
            return prompt.Encode(messages, tools);
        }
        catch (TemplateException e)
        {
            throw new RequestFaultException(FaultKind.Value, Name, $"The model's chat template does not take these messages: {e.Message}");
        }
    }
}
