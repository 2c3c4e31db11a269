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

    /// <summary><c>[TOOL_CALLS]NAME[ARGS]{…}</c>, once for each call: newer models of Mistral.</summary>
    MistralNamed,

    /// <summary><c>&lt;|tool_call|&gt;[{"name": …, "arguments": {…}}, …]</c>: Granite 3. Granite 4 writes as <see cref="Hermes"/>.</summary>
    Granite,

    /// <summary>
    /// <c>&lt;tool_call&gt;&lt;function=NAME&gt;&lt;parameter=KEY&gt;VALUE&lt;/parameter&gt;…&lt;/function&gt;&lt;/tool_call&gt;</c> with line ends between: Qwen3.5, Qwen3-Coder.
    /// </summary>
    Xml,

    /// <summary><c>&lt;|channel|&gt;commentary to=functions.NAME &lt;|constrain|&gt;json&lt;|message|&gt;{…}&lt;|call|&gt;</c>: gpt-oss, which thinks and answers in channels too.</summary>
    Harmony,
}
