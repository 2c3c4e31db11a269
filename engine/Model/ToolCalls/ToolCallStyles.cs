namespace Crescent.Engine.Model.ToolCalls;

/// <summary>What is known of each <see cref="ToolCallStyle"/>.</summary>
public static class ToolCallStyles
{
    // Those whose marks are contained in others' stand behind them.
    private static readonly (ToolCallStyle Style, string[] Marks)[] Known =
    [
        (ToolCallStyle.Harmony, ["<|channel|>", "<|message|>"]),
        (ToolCallStyle.MistralNamed, ["[TOOL_CALLS]", "[ARGS]"]),
        (ToolCallStyle.Mistral, ["[TOOL_CALLS]"]),
        (ToolCallStyle.DeepSeek, [ToolCallMarks.DeepSeekSeparator, "```"]),
        (ToolCallStyle.DeepSeekNamed, [ToolCallMarks.DeepSeekSeparator]),
        (ToolCallStyle.Kimi, [ToolCallMarks.KimiArguments]),
        (ToolCallStyle.Lfm, [ToolCallMarks.LfmCall]),

        // What LFM2.5's and LFM2's templates without calls say of tools.
        (ToolCallStyle.Lfm, ["<|tool_list_start|>"]),
        (ToolCallStyle.FunctionGemma, ["<start_function_call>"]),
        (ToolCallStyle.Gemma, ["<|tool_call>"]),
        (ToolCallStyle.Nemotron, ["<TOOLCALL>"]),
        (ToolCallStyle.Phi, ["<|tool|>", "<|/tool|>"]),
        (ToolCallStyle.Granite, ["<|tool_call|>"]),

        // Some families write XML of their own between the same markers.
        (ToolCallStyle.Xml, ["<tool_call>", "<function="]),
        (ToolCallStyle.Glm, ["<tool_call>", "<arg_key>"]),
        (ToolCallStyle.Hermes, ["<tool_call>"]),
        (ToolCallStyle.Llama, ["<|python_tag|>"]),
        (ToolCallStyle.Llama, ["\"parameters\": dictionary of argument name"]),
        (ToolCallStyle.Python, ["[func_name1(params_name1=params_value1"]),
    ];

    private static readonly Dictionary<ToolCallStyle, CallWriting> Writings = new()
    {
        [ToolCallStyle.Hermes] = new(CallSyntax.Json, "<tool_call>", "\n", "\n</tool_call>"),
        [ToolCallStyle.Xml] = new(CallSyntax.Xml, "<tool_call>", "\n", "\n</tool_call>"),
        [ToolCallStyle.Glm] = new(CallSyntax.KeysAndValues, "<tool_call>", "", "</tool_call>"),
        [ToolCallStyle.Mistral] = new(CallSyntax.Json, "[TOOL_CALLS]", "[", "]"),
        [ToolCallStyle.Granite] = new(CallSyntax.Json, "<|tool_call|>", "[", "]"),
        [ToolCallStyle.Phi] = new(CallSyntax.Json, "<|tool_call|>", "", "<|/tool_call|>"),
        [ToolCallStyle.Nemotron] = new(CallSyntax.Json, "<TOOLCALL>", "[", "]</TOOLCALL>"),
        [ToolCallStyle.MistralNamed] = new(CallSyntax.Named, "[TOOL_CALLS]", "", "", "[ARGS]"),
        [ToolCallStyle.DeepSeek] = new(
            CallSyntax.Named, ToolCallMarks.DeepSeekCall, "function" + ToolCallMarks.DeepSeekSeparator, "\n```" + ToolCallMarks.DeepSeekCallEnd, "\n```json\n",
            ToolCallMarks.DeepSeekSection, ToolCallMarks.DeepSeekSectionEnd),
        [ToolCallStyle.DeepSeekNamed] = new(
            CallSyntax.Named, ToolCallMarks.DeepSeekCall, "", ToolCallMarks.DeepSeekCallEnd, ToolCallMarks.DeepSeekSeparator, ToolCallMarks.DeepSeekSection, ToolCallMarks.DeepSeekSectionEnd),
        [ToolCallStyle.Kimi] = new(
            CallSyntax.Named, ToolCallMarks.KimiCall, "functions.", ToolCallMarks.KimiCallEnd, ":0" + ToolCallMarks.KimiArguments, ToolCallMarks.KimiSection, ToolCallMarks.KimiSectionEnd),
        [ToolCallStyle.Lfm] = new(CallSyntax.Python, ToolCallMarks.LfmCall, "[", "]" + ToolCallMarks.KimiCallEnd),
        [ToolCallStyle.Python] = new(CallSyntax.Python, "", "[", "]"),
        [ToolCallStyle.Gemma] = new(CallSyntax.Gemma, "<|tool_call>", "call:", "<tool_call|>", Quote: ToolCallMarks.GemmaQuote),
        [ToolCallStyle.FunctionGemma] = new(CallSyntax.Gemma, "<start_function_call>", "call:", "<end_function_call>", Quote: ToolCallMarks.FunctionGemmaQuote),
        [ToolCallStyle.Llama] = new(CallSyntax.Json, "", "", "", Key: "parameters"),

        // A header may come in several orders, none of which a grammar should force.
        [ToolCallStyle.Harmony] = new(CallSyntax.Json, "", "", ""),
    };

    /// <summary>The style that a chat template teaches, told by the markers in its source.</summary>
    /// <param name="templateSource">Jinja source of the chat template.</param>
    public static ToolCallStyle Detect(string templateSource) =>
        Array.Find(Known, known => Array.TrueForAll(known.Marks, mark => templateSource.Contains(mark, StringComparison.Ordinal))).Style;

    /// <summary>How a grammar has calls written.</summary>
    /// <exception cref="KeyNotFoundException">The style is <see cref="ToolCallStyle.None"/>.</exception>
    public static CallWriting Writing(ToolCallStyle style) => Writings[style];

    /// <summary>
    /// The text that opens a call, empty for <see cref="ToolCallStyle.None"/> and for styles whose calls begin an answer or are messages of their own. Where it is a control token,
    /// which has no text of its own, the parser must be given this string in its place.
    /// </summary>
    public static string Opening(ToolCallStyle style) => style == ToolCallStyle.Llama ? "<|python_tag|>" : Writings.TryGetValue(style, out var writing) ? writing.Opening : "";

    /// <summary>The text that closes a call; empty where the JSON's own end does.</summary>
    public static string Closing(ToolCallStyle style) => style switch
    {
        ToolCallStyle.Hermes or ToolCallStyle.Xml or ToolCallStyle.Glm => "</tool_call>",
        ToolCallStyle.Nemotron => "</TOOLCALL>",
        ToolCallStyle.Phi => "<|/tool_call|>",
        _ => "",
    };

    /// <summary>
    /// Whether a grammar can hold no call that the model is free to make or not: nothing that it can ask for opens one. Where one has to be made it is written from the answer's first
    /// character on, as <see cref="ToolCallStyle.Llama"/> does or as a list.
    /// </summary>
    public static bool IsHeldWholeOnly(ToolCallStyle style) => style is ToolCallStyle.Llama or ToolCallStyle.Harmony or ToolCallStyle.Python;
}
