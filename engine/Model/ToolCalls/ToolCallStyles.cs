namespace Crescent.Engine.Model.ToolCalls;

/// <summary>What is known of each <see cref="ToolCallStyle"/>.</summary>
public static class ToolCallStyles
{
    /// <summary>The style that a chat template teaches, told by the markers in its source.</summary>
    /// <param name="templateSource">Jinja source of the chat template.</param>
    public static ToolCallStyle Detect(string templateSource)
    {
        bool Has(string text) => templateSource.Contains(text, StringComparison.Ordinal);
        if (Has("<|channel|>") && Has("<|message|>"))
        {
            return ToolCallStyle.Harmony;
        }

        if (Has("[TOOL_CALLS]"))
        {
            return Has("[ARGS]") ? ToolCallStyle.MistralNamed : ToolCallStyle.Mistral;
        }

        if (Has("<|tool_call|>"))
        {
            return ToolCallStyle.Granite;
        }

        if (Has("<tool_call>"))
        {
            // Some families write XML of their own between the same markers.
            return Has("<function=") ? ToolCallStyle.Xml : Has("<arg_key>") ? ToolCallStyle.None : ToolCallStyle.Hermes;
        }

        return Has("<|python_tag|>") || Has("\"parameters\": dictionary of argument name") ? ToolCallStyle.Llama : ToolCallStyle.None;
    }

    /// <summary>
    /// The text that opens a call, empty for <see cref="ToolCallStyle.None"/> and for <see cref="ToolCallStyle.Harmony"/>, whose calls are messages of their own. Where it is a control token, which has no text of its
    /// own, the parser must be given this string in its place.
    /// </summary>
    public static string Opening(ToolCallStyle style) => style switch
    {
        ToolCallStyle.Hermes or ToolCallStyle.Xml => "<tool_call>",
        ToolCallStyle.Granite => "<|tool_call|>",
        ToolCallStyle.Llama => "<|python_tag|>",
        ToolCallStyle.Mistral or ToolCallStyle.MistralNamed => "[TOOL_CALLS]",
        _ => "",
    };

    /// <summary>The text that closes a call; empty where the JSON's own end does.</summary>
    public static string Closing(ToolCallStyle style) => style is ToolCallStyle.Hermes or ToolCallStyle.Xml ? "</tool_call>" : "";

    /// <summary>
    /// Whether a grammar can hold no call that the model is free to make or not: nothing that it can ask for opens one. Where one has to be made it is written as
    /// <see cref="ToolCallStyle.Llama"/> does, from the answer's first character on.
    /// </summary>
    public static bool IsHeldWholeOnly(ToolCallStyle style) => style is ToolCallStyle.Llama or ToolCallStyle.MistralNamed or ToolCallStyle.Harmony;

    /// <summary>Whether calls are a list behind a control token, for which no grammar can ask: an answer that has to be calls begins behind it.</summary>
    public static bool IsOpenList(ToolCallStyle style) => style is ToolCallStyle.Mistral or ToolCallStyle.Granite;
}
