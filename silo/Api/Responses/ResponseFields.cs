using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Grains.Models;
using Crescent.Grains.Requests;
using Crescent.Grains.Turns;
using Crescent.Silo.Api.OpenAi;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.Responses;

/// <summary>A request of the Responses API. docs/dialects.md has the table of all fields.</summary>
/// <param name="Fields">What it has in common with others: sampling, owner; Crescent's own fields are taken as elsewhere.</param>
/// <param name="Prompt">The conversation, with the turns before it.</param>
/// <param name="Structure">What the answer has to look like; null for free text.</param>
/// <param name="Tools">The tools; null for none.</param>
/// <param name="Ignored">What it names and makes no difference here.</param>
/// <param name="Store">Whether it is kept for a turn behind it.</param>
internal sealed record ResponseFields(
    CompletionFields Fields, PromptSource Prompt, AskedStructure? Structure, ToolUse? Tools, IReadOnlyList<string> Ignored, bool Store)
{
    private static readonly string[] Summaries = ["summary", "generate_summary"];
    private const string Limit = "max_output_tokens";
    private static readonly string[] Efforts = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

    private static readonly DialectField[] Refused =
    [
        new("background", RefusedFields.IsFalse, "send it with an Idempotency-Key, or as an agent task"),
        new("conversation", static _ => false, "use 'previous_response_id'"),
        new("prompt", static _ => false, "give it as 'input' and 'instructions'"),
        new("truncation", static v => RefusedFields.IsText(v, "disabled"), "shorten the input"),
        new("context_management", RefusedFields.IsEmpty, "leave out of 'input' what the model is not to see"),
        new("top_logprobs", static v => RefusedFields.IsNumber(v, 0), "use /v1/chat/completions"),
        new("logprobs", RefusedFields.IsFalse, "use /v1/chat/completions"),
        new("messages", static _ => false, "give them as 'input', or use /v1/chat/completions"),
        new("max_tokens", static _ => false, $"use '{Limit}'"),
        new("max_completion_tokens", static _ => false, $"use '{Limit}'"),
        new("response_format", static _ => false, "use 'text.format'"),
        new("reasoning_effort", static _ => false, "use 'reasoning.effort'"),
        new("n", static v => RefusedFields.IsNumber(v, 1), "send several requests"),
        new("best_of", static v => RefusedFields.IsNumber(v, 1), "send several requests"),
    ];

    /// <summary>Reads it.</summary>
    /// <param name="http">The request.</param>
    /// <param name="body">Its body.</param>
    /// <param name="models">What is served.</param>
    /// <param name="before">The turns before it.</param>
    /// <exception cref="ApiException">A field is wrong, or asks for what is not done here.</exception>
    public static ResponseFields Read(HttpContext http, RequestFields body, ModelCatalogue models, IReadOnlyList<StoredTurn> before)
    {
        RefusedFields.Check(body, Refused);
        var model = RequestModel.Read(body, models);
        var fields = CompletionFields.Read(body, model, own: "reasoning").Of(RequestOwner.Read(http, body));
        fields = fields with { MaxTokens = (int?)body.Integer(Limit, 1, int.MaxValue), MaxTokensName = Limit };
        CheckIncludes(body);
        body.Object("metadata");
        var (prompt, ignored) = ReadPrompt(body, model, before);
        return new ResponseFields(fields, prompt, ReadFormat(body), ResponseTools.Read(body), ignored, body.Flag("store") ?? true);
    }

    /// <summary>The conversation with the variables of its template, and what of them is ignored.</summary>
    public static (PromptSource Prompt, IReadOnlyList<string> Ignored) ReadPrompt(RequestFields body, ServedModel model, IReadOnlyList<StoredTurn> before)
    {
        var ignored = new List<string>();
        var variables = TemplateFields.Variables(body);
        if (body.Object("reasoning") is { } reasoning)
        {
            if (reasoning.Text("effort") is { } effort)
            {
                if (!Efforts.Contains(effort))
                {
                    throw ApiException.InvalidValue("reasoning.effort", $"'reasoning.effort' is '{effort}'; it takes {string.Join(", ", Efforts)}.");
                }

                if (!ThoughtEffort.TrySet(model, variables, effort == "max" ? "xhigh" : effort))
                {
                    ignored.Add("reasoning.effort");
                }
            }

            // What the model thinks is told as it is.
            ignored.AddRange(Summaries.Where(name => reasoning.Any(name) is not null).Select(reasoning.Path));
        }

        var instructions = body.Text("instructions");
        var input = body.Any("input") ?? (before.Count > 0 ? JsonElement.Parse("[]") : throw ApiException.Missing("input"));
        var bytes = Prompts.Length(input) + Prompts.Length(body.Any("tools")) + (instructions?.Length ?? 0) + before.Sum(static turn => turn.Bytes);
        return (PromptSource.Conversation("input", bytes, Turns, variables: variables), ignored);

        JsonArray Turns()
        {
            var turns = new ResponseTurns();
            if (!string.IsNullOrEmpty(instructions))
            {
                turns.Instruct(instructions);
            }

            foreach (var turn in before)
            {
                // Read here, as they were when they came.
                turns.Add(JsonElement.Parse(turn.Input), $"{turn.Id}.input");
                turns.Add(JsonElement.Parse(turn.Answer).GetProperty("output"), $"{turn.Id}.output");
            }

            turns.Add(input, "input");
            return turns.Take();
        }
    }

    private static void CheckIncludes(RequestFields body)
    {
        if (body.Any("include") is not { } include)
        {
            return;
        }

        if (include.ValueKind != JsonValueKind.Array)
        {
            throw ApiException.InvalidType("include", "an array", RequestFields.Kind(include));
        }

        if (include.EnumerateArray().Any(static name => RefusedFields.IsText(name, "message.output_text.logprobs")))
        {
            throw ApiException.Unsupported("include", "This server does not do what 'include' asks for by 'message.output_text.logprobs'; use /v1/chat/completions.");
        }
    }

    private static AskedStructure? ReadFormat(RequestFields body)
    {
        var text = body.Object("text");
        if (text?.Text("verbosity") is { } verbosity && verbosity != "medium")
        {
            throw ApiException.Unsupported("text.verbosity", "This server does not do what 'text.verbosity' asks for; say in 'instructions' how long the answer is to be.");
        }

        if (text?.Object("format") is not { } format)
        {
            return null;
        }

        return format.Text("type") switch
        {
            "text" => null,
            "json_object" => new AskedStructure(GrammarSource.JsonObject(), "text.format"),
            "json_schema" => new AskedStructure(
                GrammarSource.JsonSchema((format.Any("schema") ?? throw ApiException.Missing("text.format.schema")).GetRawText(), format.Flag("strict") ?? false), "text.format.schema"),
            null => throw ApiException.Missing("text.format.type"),
            var type => throw ApiException.InvalidValue("text.format.type", $"'text.format.type' is '{type}'; it takes text, json_object or json_schema."),
        };
    }
}
