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
    private const string MaxTokens = "use 'max_tokens'";
    private const string Chat = "use /v1/chat/completions";
    private const string Text = "use /v1/completions";

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
        ("top_n_sigma", static v => IsNumber(v, -1) || IsNumber(v, 0), "use 'min_p'"),
        ("samplers", IsEmpty, Leave),
        ("repeat_penalty", static v => IsNumber(v, 1), "use 'repetition_penalty'"),
        ("repeat_last_n", static v => IsNumber(v, -1), "'repetition_penalty' is of the whole prompt and output"),
        ("no_repeat_ngram_size", static v => IsNumber(v, 0), "use 'repetition_penalty'"),
        ("n_predict", static v => IsNumber(v, -1), MaxTokens),
        ("max_new_tokens", static _ => false, MaxTokens),
        ("max_length", static _ => false, MaxTokens),
        ("min_new_tokens", static v => IsNumber(v, 0), "use 'min_tokens'"),
        ("max_tool_calls", static _ => false, "use 'parallel_tool_calls'"),
        ("do_sample", IsTrue, "use 'temperature': 0"),
        ("n_probs", static v => IsNumber(v, 0), "use 'logprobs'"),
        ("stop_regex", IsEmptyOrNoText, "use 'stop' or 'guided_regex'"),
        ("no_stop_trim", IsFalse, "append the stop string where 'finish_reason' is stop"),
        ("custom_logit_processor", static _ => false, Leave),
        ("lora", IsEmpty, "adapters are named by 'model'"),
        ("thinking", static v => IsOfType(v, "disabled"), "use 'reasoning_effort'"),
        ("thinking_config", IsEmpty, "use 'reasoning_effort'"),
        ("num_ctx", static _ => false, "the context is that of the model as it is served"),
        ("num_predict", static v => IsNumber(v, -1), MaxTokens),
        ("options", IsEmpty, "name its fields beside the others"),
    ];

    private static readonly (string Name, Func<JsonElement, bool> IsPlain, string Remedy)[] ChatFields =
    [
        ("echo", IsFalse, Text),
        ("prompt", static _ => false, "give it as 'messages', or use /v1/completions"),
        ("input", static _ => false, "give it as 'messages'"),
        ("instructions", static v => IsText(v, ""), "give them as a message of the role system"),
        ("previous_response_id", static _ => false, "give the whole conversation as 'messages'"),
    ];

    private static readonly (string Name, Func<JsonElement, bool> IsPlain, string Remedy)[] TextFields =
    [
        ("messages", static _ => false, Chat),
        ("input", static _ => false, "give it as 'prompt'"),
        ("instructions", static v => IsText(v, ""), "write them into 'prompt', or use /v1/chat/completions"),
        ("tools", IsEmpty, Chat),
        ("tool_choice", static v => IsText(v, "none") || IsText(v, "auto"), Chat),
        ("reasoning_effort", static v => IsText(v, "none"), Chat),
        ("chat_template_kwargs", IsEmpty, Chat),
        ("add_generation_prompt", static _ => false, Chat),
        ("include_reasoning", IsTrue, "what the model thinks stands in the text"),
        ("separate_reasoning", IsFalse, "what the model thinks stands in the text"),
        ("continue_final_message", IsFalse, "an answer goes on with its 'prompt' as it is"),
    ];

    private static readonly (string Name, Func<JsonElement, bool> IsPlain, string Remedy)[] TokenFields =
    [
        ("chat_template", static _ => false, "the model's own template is used; 'chat_template_kwargs' sets its variables"),
        ("documents", IsEmpty, "give them as messages"),
        ("mm_processor_kwargs", IsEmpty, "the model reads text only"),
        ("truncate_prompt_tokens", static v => IsNumber(v, -1), "shorten the prompt"),
    ];

    private static readonly (string Name, Func<JsonElement, bool> IsPlain, string Remedy)[] DetokenizerFields =
    [
        ("skip_special_tokens", IsFalse, "special tokens are written by their names; leave them out of 'tokens'"),
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
        ("prompt", static _ => false, "give texts as 'input'"),
        ("truncate", static v => IsFalse(v) || IsText(v, "NONE"), "shorten the input"),
        ("pooling", static v => IsText(v, "mean"), "an embedding is the mean of all tokens"),
        ("pooling_type", static v => IsText(v, "mean"), "an embedding is the mean of all tokens"),
        ("prompt_name", static _ => false, "write what the text is for into the input"),
        ("instruction", static v => IsText(v, ""), "write what the text is for into the input"),
        ("embd_normalize", static v => IsNumber(v, 2), "embeddings have length 1"),
        ("late_chunking", IsFalse, "each input is embedded by itself"),
        ("output_dtype", static v => IsText(v, "float"), "embeddings are of 32-bit floats"),
        ("stream", IsFalse, "embeddings come whole"),
    ];

    /// <summary>The same of a request for embeddings.</summary>
    /// <exception cref="ApiException">One asks for something.</exception>
    public static void CheckEmbeddings(RequestFields body) => Check(body, EmbeddingFields);

    /// <summary>Refuses what is asked for by a field that is not obeyed.</summary>
    /// <param name="body">The request.</param>
    /// <param name="own">Fields that its dialect gives a meaning of its own.</param>
    /// <exception cref="ApiException">One asks for something.</exception>
    public static void Check(RequestFields body, params string[] own) => Check(body, own.Length == 0 ? Fields : [.. Fields.Where(field => !own.Contains(field.Name))]);

    /// <summary>Refuses what is asked for by the fields of a dialect that it does not obey.</summary>
    /// <exception cref="ApiException">One asks for something.</exception>
    public static void Check(RequestFields body, DialectField[] fields) => Check(body, [.. fields.Select(static field => (field.Name, field.IsPlain, field.Remedy))]);

    /// <summary>Refuses what a chat does not do.</summary>
    /// <exception cref="ApiException">It is asked for.</exception>
    public static void CheckChat(RequestFields body) => Check(body, ChatFields);

    /// <summary>Refuses what a text completion does not do.</summary>
    /// <exception cref="ApiException">It is asked for.</exception>
    public static void CheckText(RequestFields body) => Check(body, TextFields);

    /// <summary>Refuses what the making of tokens does not do.</summary>
    /// <exception cref="ApiException">It is asked for.</exception>
    public static void CheckTokens(RequestFields body) => Check(body, TokenFields);

    /// <summary>Refuses what the making of text of tokens does not do.</summary>
    /// <exception cref="ApiException">It is asked for.</exception>
    public static void CheckDetokenizer(RequestFields body) => Check(body, DetokenizerFields);

    /// <summary>Refuses what <c>stream_options</c> asks for and is not done.</summary>
    /// <exception cref="ApiException">It is asked for.</exception>
    public static void CheckStream(RequestFields options)
    {
        if (options.Any("continuous_usage_stats") is { } value && !IsFalse(value))
        {
            throw ApiException.Unsupported(
                options.Path("continuous_usage_stats"), $"This server does not do what '{options.Path("continuous_usage_stats")}' asks for; use 'include_usage'.");
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

    internal static bool IsText(JsonElement value, string text) => value.ValueKind == JsonValueKind.String && value.GetString() == text;

    internal static bool IsNumber(JsonElement value, double number) => value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var given) && given == number;

    internal static bool IsTrue(JsonElement value) => value.ValueKind == JsonValueKind.True;

    internal static bool IsFalse(JsonElement value) => value.ValueKind == JsonValueKind.False;

    private static bool IsEmptyOrNoText(JsonElement value) => IsEmpty(value) || IsText(value, "");

    private static bool IsOfType(JsonElement value, string type) => value.ValueKind == JsonValueKind.Object && value.TryGetProperty("type", out var given) && IsText(given, type);

    internal static bool IsEmpty(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        _ => false,
    };
}
