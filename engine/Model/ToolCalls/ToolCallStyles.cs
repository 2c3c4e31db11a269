namespace Crescent.Engine.Model.ToolCalls;

/// <summary>What is known of each <see cref="ToolCallStyle"/>.</summary>
public static class ToolCallStyles
{
    /// <summary>The style that a chat template teaches, told by the markers in its source.</summary>
    /// <param name="templateSource">Jinja source of the chat template.</param>
    public static ToolCallStyle Detect(string templateSource)
    {
        bool Has(string text) => templateSource.Contains(text, StringComparison.Ordinal);
        if (Has("[TOOL_CALLS]"))
        {
            return ToolCallStyle.Mistral;
        }

        if (Has("<tool_call>"))
        {
            // Some families write XML of their own between the same markers.
            return Has("<function=") || Has("<arg_key>") ? ToolCallStyle.None : ToolCallStyle.Hermes;
        }

        return Has("<|python_tag|>") || Has("\"parameters\": dictionary of argument name") ? ToolCallStyle.Llama : ToolCallStyle.None;
    }

    /// <summary>
    /// The text that opens a call, empty for <see cref="ToolCallStyle.None"/>. Where it is a control token, which has no text of its
    /// own, the parser must be given this string in its place.
    /// </summary>
    public static string Opening(ToolCallStyle style) => style switch
    {
        ToolCallStyle.Hermes => "<tool_call>",
        ToolCallStyle.Llama => "<|python_tag|>",
        ToolCallStyle.Mistral => "[TOOL_CALLS]",
        _ => "",
    };

    /// <summary>The text that closes a call; empty where the JSON's own end does.</summary>
    public static string Closing(ToolCallStyle style) => style == ToolCallStyle.Hermes ? "</tool_call>" : "";
}
