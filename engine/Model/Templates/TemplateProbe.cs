using System.Text.Json.Nodes;
using Crescent.Engine.Model.Templates.Runtime;

namespace Crescent.Engine.Model.Templates;

/// <summary>
/// Finds out in what form a template takes a conversation, by rendering small ones and looking whether what they say comes out: whoever guesses
/// from the source loses a question that was asked in the other form.
/// </summary>
internal sealed class TemplateProbe
{
    private const string User = "Quokka", Said = "Wombat", Answer = "Numbat", Name = "Bilby", Value = "Dingo";

    private const int Turns = 32;
    private const int LongWords = 1 << 14;

    // A template that asks takes both forms, and the text as it was sent is nearest to what the model wrote.
    private static readonly string[] Questions = ["arguments is string", "arguments'] is string", "arguments\"] is string"];

    private static readonly string[] ToolsInSystem = ["message['tools']", "message[\"tools\"]", "message.tools "];

    private readonly ChatTemplate _template;

    private TemplateProbe(ChatTemplate template) => _template = template;

    /// <summary>The form that a template wants.</summary>
    public static TemplateForm Probe(ChatTemplate template)
    {
        var probe = new TemplateProbe(template);
        var parts = new HashSet<string>(StringComparer.Ordinal);
        foreach (var role in new[] { "user", "assistant", "system", "tool" })
        {
            if (!probe.Writes(role, parts, Said) && probe.Writes(role, [.. parts, role], Said))
            {
                parts.Add(role);
            }
        }

        return new TemplateForm
        {
            PartRoles = parts,
            TakesArgumentText = probe.TakesArgumentText(parts),
            KnowsSystem = probe.Writes("system", parts, Said) || !probe.Writes("user", parts, Said),
            KnowsDeveloper = template.Source.Contains("developer", StringComparison.Ordinal) && probe.Writes("developer", parts, Said),
            KeepsUserText = probe.KeepsUserText(parts),
            KnowsTool = ReadsToolResponses(template.Source) || probe.Writes("tool", parts, Said) || !probe.Writes("assistant", parts, Said),
            ReadsToolResponses = ReadsToolResponses(template.Source),
            ReadsToolsInSystem = Array.Exists(ToolsInSystem, read => template.Source.Contains(read, StringComparison.Ordinal)),
            Thinking = Array.Find(TemplateForm.ThinkingNames, name => Reads(template.Source, name)),
        };
    }

    /// <summary>Whether what a message of a role says comes out.</summary>
    private bool Writes(string role, HashSet<string> parts, string said)
    {
        var message = Message(role, said, parts);
        JsonArray? conversation = role switch
        {
            "user" => [message],
            "assistant" => [Message("user", User, parts), message, Message("user", User, parts)],
            "tool" => [Message("user", User, parts), Call(Arguments(), parts), message],
            _ => [message, Message("user", User, parts)],
        };
        return Render(conversation)?.Contains(said, StringComparison.Ordinal) == true;
    }

    /// <summary>Whether what users say comes out in all of many turns.</summary>
    private bool KeepsUserText(HashSet<string> parts)
    {
        var conversation = new JsonArray();
        for (var turn = 0; turn < Turns; turn++)
        {
            conversation.Add((JsonNode)Message("user", Words(turn), parts));
            conversation.Add((JsonNode)Message("assistant", Answer, parts));
        }

        conversation.Add((JsonNode)Message("user", Words(Turns), parts));
        return Render(conversation) is { } text && Enumerable.Range(0, Turns + 1).All(turn => text.Contains(Words(turn), StringComparison.Ordinal));

        // One of them is long.
        static string Words(int turn) => turn == 1 ? new string('x', LongWords) + Said : $"{Said}{turn}.";
    }

    private bool TakesArgumentText(HashSet<string> parts)
    {
        var asText = RenderCall(Arguments().ToJsonString(), parts);
        var asObject = RenderCall(Arguments(), parts);
        var asks = Array.Exists(Questions, question => _template.Source.Contains(question, StringComparison.Ordinal));
        if (Says(asText) && Says(asObject))
        {
            // Text comes out as it is where it is not written as JSON once more; of an object what the language prints is no JSON.
            var isText = asText!.Contains($"\"{Name}\":\"{Value}\"", StringComparison.Ordinal);
            return isText && (asks || asObject!.Contains($"'{Name}'", StringComparison.Ordinal));
        }

        return Says(asText) ? !Says(asObject) : !Says(asObject) && asks;
    }

    private string? RenderCall(JsonNode arguments, HashSet<string> parts) =>
        Render([Message("user", User, parts), Call(arguments.DeepClone(), parts), Message("tool", Answer, parts)])
        ?? Render([Message("user", User, parts), Call(arguments.DeepClone(), parts)]);

    private static bool Says(string? rendered) => rendered?.Contains(Value, StringComparison.Ordinal) == true;

    private static JsonObject Arguments() => new() { [Name] = Value };

    private static JsonObject Message(string role, string said, HashSet<string> parts)
    {
        var message = new JsonObject
        {
            ["role"] = role,
            ["content"] = parts.Contains(role) ? new JsonArray(new JsonObject { ["type"] = "text", ["text"] = said }) : said,
        };
        if (role == "tool")
        {
            message["tool_call_id"] = "call12345";
            message["name"] = "look";
        }

        return message;
    }

    private static JsonObject Call(JsonNode arguments, HashSet<string> parts)
    {
        var message = Message("assistant", "", parts);
        message["tool_calls"] = new JsonArray(new JsonObject
        {
            ["id"] = "call12345",
            ["type"] = "function",
            ["function"] = new JsonObject { ["name"] = "look", ["arguments"] = arguments },
        });
        return message;
    }

    private string? Render(JsonArray conversation)
    {
        try
        {
            return _template.Render(conversation, null, addGenerationPrompt: true);
        }
        catch (TemplateException)
        {
            // It does not take such a conversation.
            return null;
        }
    }

    // Newer ones of the same family take messages of tools as well.
    private static bool ReadsToolResponses(string source) =>
        Reads(source, "tool_responses") && !source.Contains("== 'tool'", StringComparison.Ordinal) && !source.Contains("== \"tool\"", StringComparison.Ordinal);

    private static bool Reads(string source, string name) =>
        source.Contains("." + name, StringComparison.Ordinal) || source.Contains($"'{name}'", StringComparison.Ordinal) || source.Contains($"\"{name}\"", StringComparison.Ordinal);
}
