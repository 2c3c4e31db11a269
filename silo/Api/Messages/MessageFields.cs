using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Grains.Models;
using Crescent.Grains.Requests;
using Crescent.Silo.Api.OpenAi;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.Messages;

/// <summary>A request of Anthropic's dialect. docs/dialects.md has the table of all fields.</summary>
/// <param name="Fields">What it has in common with others: sampling, limits, owner; Crescent's own fields are taken as elsewhere.</param>
/// <param name="Prompt">The conversation.</param>
/// <param name="Structure">What the answer has to look like; null for free text.</param>
/// <param name="Tools">The tools; null for none.</param>
/// <param name="Ignored">What it names and makes no difference here.</param>
internal sealed record MessageFields(CompletionFields Fields, PromptSource Prompt, AskedStructure? Structure, ToolUse? Tools, IReadOnlyList<string> Ignored)
{
    /// <summary>Stop sequences that a request may have.</summary>
    public const int MaxStops = 16;

    private static readonly string[] Efforts = ["low", "medium", "high", "xhigh", "max"];

    private static readonly DialectField[] Refused =
    [
        new("n", static v => RefusedFields.IsNumber(v, 1), "send several requests"),
        new("best_of", static v => RefusedFields.IsNumber(v, 1), "send several requests"),
        new("logprobs", RefusedFields.IsFalse, "use /v1/chat/completions"),
        new("top_logprobs", static v => RefusedFields.IsNumber(v, 0), "use /v1/chat/completions"),
        new("stop", RefusedFields.IsEmpty, "use 'stop_sequences'"),
        new("response_format", static _ => false, "use 'output_config.format'"),
        new("prompt", static _ => false, "give it as 'messages'"),
        new("max_tokens_to_sample", static _ => false, "use 'max_tokens'"),
        new("mcp_servers", RefusedFields.IsEmpty, "call them yourself, and name their tools in 'tools'; or send an agent task"),
        new("container", RefusedFields.IsEmpty, "this server runs no code of a model's"),
        new("context_management", KeepsContext, "leave out of 'messages' what the model is not to see"),
    ];

    /// <summary>Reads it.</summary>
    /// <exception cref="ApiException">A field is wrong, or asks for what is not done here.</exception>
    public static MessageFields Read(HttpContext http, RequestFields body, ModelCatalogue models)
    {
        RefusedFields.Check(body, Refused);
        var model = RequestModel.Read(body, models);
        var fields = CompletionFields.Read(body, model, own: "thinking").Of(RequestOwner.Read(http, body));
        if (fields.MaxTokens is null)
        {
            throw ApiException.Missing("max_tokens");
        }

        fields = fields with { Call = fields.Call with { StopStrings = CompletionFields.ReadStops(body, "stop_sequences", MaxStops) } };
        var (prompt, ignored, tells) = ReadPrompt(body, model);
        return new MessageFields(fields with { TellsThoughts = tells }, prompt, ReadFormat(body), MessageTools.Read(body), ignored);
    }

    /// <summary>The conversation with the variables of its template; what of them is ignored; and whether what the model thinks is told.</summary>
    public static (PromptSource Prompt, IReadOnlyList<string> Ignored, bool TellsThoughts) ReadPrompt(RequestFields body, ServedModel model)
    {
        var ignored = new List<string>();
        var variables = TemplateFields.Variables(body);
        var tells = ReadThinking(body, model, variables, ignored);
        var output = body.Object("output_config");
        if (output?.Text("effort") is { } effort)
        {
            if (!Efforts.Contains(effort))
            {
                throw ApiException.InvalidValue("output_config.effort", $"'output_config.effort' is '{effort}'; it takes {string.Join(", ", Efforts)}.");
            }

            if (!ThoughtEffort.TrySet(model, variables, effort == "max" ? "xhigh" : effort))
            {
                ignored.Add("output_config.effort");
            }
        }

        var prompt = PromptSource.Conversation(
            "messages",
            Prompts.Length(body.Any("messages")) + Prompts.Length(body.Any("system")) + Prompts.Length(body.Any("tools")),
            () => MessageTurns.Read(body),
            variables: variables,
            least: () => ChatMessages.LeastUserBytes(body),
            continuesLast: MessageTurns.ContinuesLast(body));
        return (prompt, ignored, tells);
    }

    /// <summary>
    /// Coding agents ask every model to think. One that cannot be told whether it does so does as it was taught; where it is asked not to, what it thinks all the same
    /// is not told.
    /// </summary>
    private static bool ReadThinking(RequestFields body, ServedModel model, Dictionary<string, JsonNode?> variables, List<string> ignored)
    {
        if (body.Object("thinking") is not { } thinking)
        {
            return true;
        }

        var type = thinking.Text("type") ?? throw ApiException.Missing("thinking.type");
        if (type is not ("enabled" or "disabled" or "adaptive"))
        {
            throw ApiException.InvalidValue("thinking.type", $"'thinking.type' is '{type}'; it takes enabled, disabled or adaptive.");
        }

        if (!ThoughtEffort.TrySetThinking(model, variables, type != "disabled"))
        {
            ignored.Add("thinking.type");
        }

        if (thinking.Integer("budget_tokens", 1, int.MaxValue) is not null)
        {
            ignored.Add("thinking.budget_tokens");
        }

        return type != "disabled" && thinking.Text("display") is not "omitted";
    }

    private static AskedStructure? ReadFormat(RequestFields body)
    {
        var format = body.Object("output_config")?.Object("format") ?? body.Object("output_format");
        if (format is null)
        {
            return null;
        }

        return format.Text("type") is var type && type == "json_schema"
            ? new AskedStructure(
                GrammarSource.JsonSchema((format.Any("schema") ?? throw ApiException.Missing(format.Path("schema"))).GetRawText(), isStrict: true), format.Path("schema"))
            : throw ApiException.InvalidValue(format.Path("type"), $"'{format.Path("type")}' is '{type}'; it takes json_schema.");
    }

    /// <summary>Whether nothing is taken out of the conversation.</summary>
    private static bool KeepsContext(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object
        && (!value.TryGetProperty("edits"u8, out var edits)
            || (edits.ValueKind == JsonValueKind.Array && edits.EnumerateArray().All(static edit =>
                edit.ValueKind == JsonValueKind.Object && edit.TryGetProperty("keep"u8, out var keep) && RefusedFields.IsText(keep, "all"))));
}
