namespace Crescent.Engine.Model.ToolCalls;

/// <summary>How a model writes a call of a tool in its answer.</summary>
public enum ToolCallStyle
{
    /// <summary>It was not taught to, or in a form that is not known: the answer is content.</summary>
    None,

    /// <summary><c>&lt;tool_call&gt;{"name": …, "arguments": {…}}&lt;/tool_call&gt;</c>: Hermes, Qwen, the embedded model.</summary>
    Hermes,

    /// <summary>
    /// The answer is <c>{"name": …, "parameters": {…}}</c>, or several with semicolons between them: Llama 3. The marker
    /// <c>&lt;|python_tag|&gt;</c> may stand before it.
    /// </summary>
    Llama,

    /// <summary><c>[TOOL_CALLS][{"name": …, "arguments": {…}}, …]</c>: Mistral.</summary>
    Mistral,
}
