using System.Text.Json;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>
/// Fields of OpenAI's and other servers' requests that would change an answer and are not obeyed here: any value that asks for something is
/// refused by name, since whoever sends it would miss what it asks for. docs/http.md has the table of all fields.
/// </summary>
internal static class RefusedFields
{
    private const string Leave = "leave it out";

    private static readonly (string Name, Func<JsonElement, bool> IsPlain, string Remedy)[] Fields =
    [
        ("suffix", static v => IsText(v, ""), Leave),
        ("functions", IsEmpty, "use 'tools'"),
        ("function_call", static v => IsText(v, "none") || IsText(v, "auto"), "use 'tool_choice'"),
        ("modalities", static v => v.ValueKind == JsonValueKind.Array && v.EnumerateArray().All(static m => IsText(m, "text")), "the model writes text only"),
        ("audio", static _ => false, "the model writes text only"),
        ("web_search_options", static _ => false, "give what was found as a message or by a tool"),
        ("verbosity", static v => IsText(v, "medium"), "say in a message how long the answer is to be"),
        ("reasoning", IsEmpty, "use 'reasoning_effort'"),
        ("enable_thinking", static _ => false, "use 'chat_template_kwargs'"),
        ("thinking_token_budget", static _ => false, Leave),
        ("include_reasoning", IsTrue, "what the model thinks stands in the answer"),
        ("separate_reasoning", IsFalse, "what the model thinks stands in the answer"),
        ("continue_final_message", IsFalse, "use /v1/completions with a raw prompt"),
        ("chat_template", static _ => false, "the model's own template is used; 'chat_template_kwargs' sets its variables"),
        ("documents", IsEmpty, "give them as messages"),
        ("mm_processor_kwargs", IsEmpty, "the model reads text only"),
        ("use_beam_search", IsFalse, "use 'best_of'"),
        ("length_penalty", static v => IsNumber(v, 1), Leave),
        ("include_stop_str_in_output", IsFalse, "append the stop string where 'finish_reason' is stop"),
        ("skip_special_tokens", IsTrue, "special tokens have no text"),
        ("truncate_prompt_tokens", static v => IsNumber(v, -1), "shorten the prompt"),
        ("prompt_logprobs", static _ => false, "use /v1/completions with 'echo' and 'logprobs'"),
        ("allowed_token_ids", IsEmpty, "use 'logit_bias' or 'structured_outputs'"),
        ("bad_words", IsEmpty, "use 'logit_bias'"),
        ("logits_processors", IsEmpty, Leave),
        ("guided_grammar", static _ => false, "use 'guided_regex' or 'guided_json'"),
        ("guided_whitespace_pattern", static _ => false, "JSON is written compact or indented as the model likes"),
        ("structural_tag", static _ => false, "use 'tools'"),
        ("grammar", static v => IsText(v, ""), "use 'guided_regex' or 'guided_json'"),
        ("ebnf", static _ => false, "use 'guided_regex' or 'guided_json'"),
        ("regex", static _ => false, "use 'guided_regex'"),
        ("json_schema", static _ => false, "use 'response_format' or 'guided_json'"),
        ("return_tokens_as_token_ids", IsFalse, "/tokenize gives tokens"),
        ("return_token_ids", IsFalse, "/tokenize gives tokens"),
        ("vllm_xargs", IsEmpty, Leave),
        ("kv_transfer_params", IsEmpty, Leave),
        ("lora_path", static v => IsText(v, ""), "adapters are named by 'model'"),
        ("typical_p", static v => IsNumber(v, 1), "use 'top_p' or 'min_p'"),
        ("tfs_z", static v => IsNumber(v, 1), "use 'top_p' or 'min_p'"),
        ("top_a", static v => IsNumber(v, 0), "use 'min_p'"),
        ("mirostat", static v => IsNumber(v, 0), "use 'top_p' or 'min_p'"),
        ("dry_multiplier", static v => IsNumber(v, 0), "use 'repetition_penalty'"),
        ("xtc_probability", static v => IsNumber(v, 0), "use 'min_p'"),
        ("dynatemp_range", static v => IsNumber(v, 0), "use 'temperature'"),
    ];

    private static readonly (string Name, Func<JsonElement, bool> IsPlain, string Remedy)[] EmbeddingFields =
    [
        ("truncate_prompt_tokens", static v => IsNumber(v, -1), "shorten the input"),
        ("truncation_side", static _ => false, "shorten the input"),
        ("normalize", IsTrue, "embeddings have length 1"),
        ("input_type", static _ => false, "write what the text is for into the input"),
        ("task", static _ => false, "write what the text is for into the input"),
        ("embed_dtype", static v => IsText(v, "float32"), "embeddings are of 32-bit floats"),
        ("add_special_tokens", IsTrue, "give tokens as 'input'"),
        ("messages", static _ => false, "give texts as 'input'"),
    ];

    /// <summary>The same of a request for embeddings.</summary>
    /// <exception cref="ApiException">One asks for something.</exception>
    public static void CheckEmbeddings(RequestFields body) => Check(body, EmbeddingFields);

    /// <summary>Refuses what is asked for by a field that is not obeyed.</summary>
    /// <exception cref="ApiException">One asks for something.</exception>
    public static void Check(RequestFields body) => Check(body, Fields);

    /// <summary>Refuses what only text completions do.</summary>
    /// <exception cref="ApiException">It is asked for.</exception>
    public static void CheckChat(RequestFields body)
    {
        if (body.Any("echo") is { } echo && !IsFalse(echo))
        {
            throw ApiException.Unsupported("echo", "A chat does not do what 'echo' asks for; use /v1/completions.");
        }
    }

    private static void Check(RequestFields body, (string Name, Func<JsonElement, bool> IsPlain, string Remedy)[] fields)
    {
        foreach (var (name, isPlain, remedy) in fields)
        {
            if (body.Any(name) is { } value && !isPlain(value))
            {
                throw ApiException.Unsupported(name, $"This server does not do what '{name}' asks for; {remedy}.");
            }
        }
    }

    private static bool IsText(JsonElement value, string text) => value.ValueKind == JsonValueKind.String && value.GetString() == text;

    private static bool IsNumber(JsonElement value, double number) => value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var given) && given == number;

    private static bool IsTrue(JsonElement value) => value.ValueKind == JsonValueKind.True;

    private static bool IsFalse(JsonElement value) => value.ValueKind == JsonValueKind.False;

    private static bool IsEmpty(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        _ => false,
    };
}
