namespace Crescent.Engine.Model.ToolCalls;

/// <summary>The strings around and within calls that are control tokens of their models, which have no text of their own.</summary>
public static class ToolCallMarks
{
    /// <summary>What stands around a text in calls of Gemma 4.</summary>
    public const string GemmaQuote = "<|\"|>";

    /// <summary>What stands around a text in calls of FunctionGemma.</summary>
    public const string FunctionGemmaQuote = "<escape>";

    internal const string DeepSeekSection = "<\uFF5Ctool\u2581calls\u2581begin\uFF5C>";
    internal const string DeepSeekSectionEnd = "<\uFF5Ctool\u2581calls\u2581end\uFF5C>";
    internal const string DeepSeekCall = "<\uFF5Ctool\u2581call\u2581begin\uFF5C>";
    internal const string DeepSeekCallEnd = "<\uFF5Ctool\u2581call\u2581end\uFF5C>";
    internal const string DeepSeekSeparator = "<\uFF5Ctool\u2581sep\uFF5C>";
    internal const string KimiSection = "<|tool_calls_section_begin|>";
    internal const string KimiSectionEnd = "<|tool_calls_section_end|>";
    internal const string KimiCall = "<|tool_call_begin|>";
    internal const string KimiCallEnd = "<|tool_call_end|>";
    internal const string KimiArguments = "<|tool_call_argument_begin|>";
    internal const string LfmCall = "<|tool_call_start|>";
    internal const string PythonStart = "<|python_start|>";
    internal const string PythonEnd = "<|python_end|>";

    /// <summary>All of them that grammars may ask for; a model knows the few of its own family.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        "<tool_call>", "</tool_call>", "<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>", "[TOOL_CALLS]", "[ARGS]", "<|tool_call|>", "<|/tool_call|>", "<TOOLCALL>", "</TOOLCALL>",
        DeepSeekSection, DeepSeekSectionEnd, DeepSeekCall, DeepSeekCallEnd, DeepSeekSeparator, KimiSection, KimiSectionEnd, KimiCall, KimiCallEnd, KimiArguments, LfmCall, PythonStart,
        PythonEnd, "<|tool_call>", "<tool_call|>", GemmaQuote, "<start_function_call>", "<end_function_call>", FunctionGemmaQuote,
    ];
}
