namespace Crescent.Engine.Model.ToolCalls;

/// <summary>How a model writes a call of a tool in its answer.</summary>
public enum ToolCallStyle
{
    /// <summary>It was not taught to, or in a form that is not known: the answer is content.</summary>
    None,

    /// <summary><c>&lt;tool_call&gt;{"name": …, "arguments": {…}}&lt;/tool_call&gt;</c>: Hermes, Qwen, SmolLM3, Granite 4, the embedded model.</summary>
    Hermes,

    /// <summary>
    /// The answer is <c>{"name": …, "parameters": {…}}</c>, or several with semicolons between them: Llama 3 and 4. The marker
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
    /// <c>&lt;tool_call&gt;&lt;function=NAME&gt;&lt;parameter=KEY&gt;VALUE&lt;/parameter&gt;…&lt;/function&gt;&lt;/tool_call&gt;</c> with line ends between: Qwen3.5, Qwen3-Coder,
    /// Nemotron 3.
    /// </summary>
    Xml,

    /// <summary><c>&lt;|channel|&gt;commentary to=functions.NAME &lt;|constrain|&gt;json&lt;|message|&gt;{…}&lt;|call|&gt;</c>: gpt-oss, which thinks and answers in channels too.</summary>
    Harmony,

    /// <summary><c>&lt;tool_call&gt;NAME&lt;arg_key&gt;KEY&lt;/arg_key&gt;&lt;arg_value&gt;VALUE&lt;/arg_value&gt;…&lt;/tool_call&gt;</c>: GLM-4.5 and later.</summary>
    Glm,

    /// <summary><c>function&lt;｜tool▁sep｜&gt;NAME</c> and a fenced block of JSON between marks of calls: DeepSeek V3 and R1.</summary>
    DeepSeek,

    /// <summary><c>NAME&lt;｜tool▁sep｜&gt;{…}</c> between marks of calls: DeepSeek V3.1.</summary>
    DeepSeekNamed,

    /// <summary><c>&lt;|tool_call_begin|&gt;functions.NAME:0&lt;|tool_call_argument_begin|&gt;{…}&lt;|tool_call_end|&gt;</c> in a section: Kimi K2.</summary>
    Kimi,

    /// <summary><c>&lt;|tool_call_start|&gt;[NAME(KEY=VALUE), …]&lt;|tool_call_end|&gt;</c>, literals of Python: LFM2.</summary>
    Lfm,

    /// <summary>The answer is <c>[NAME(KEY=VALUE), …]</c>: Llama 4 and Gemma 3 where the template asks for it.</summary>
    Python,

    /// <summary><c>&lt;|tool_call&gt;call:NAME{KEY:VALUE,…}&lt;tool_call|&gt;</c>, texts between marks: Gemma 4.</summary>
    Gemma,

    /// <summary>The same with other marks, <c>&lt;start_function_call&gt;</c> and <c>&lt;escape&gt;</c>: FunctionGemma.</summary>
    FunctionGemma,

    /// <summary><c>&lt;TOOLCALL&gt;[{"name": …, "arguments": {…}}, …]&lt;/TOOLCALL&gt;</c>: Nemotron Nano 2.</summary>
    Nemotron,

    /// <summary><c>&lt;|tool_call|&gt;{"name": …, "arguments": {…}}&lt;|/tool_call|&gt;</c>, or a list: Phi-4-mini.</summary>
    Phi,
}
