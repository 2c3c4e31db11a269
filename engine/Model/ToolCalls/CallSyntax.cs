namespace Crescent.Engine.Model.ToolCalls;

/// <summary>In what syntax a call has its name and arguments. The numbers are in stored sources of grammars.</summary>
public enum CallSyntax
{
    /// <summary><c>{"name": NAME, "arguments": {…}}</c>.</summary>
    Json = 0,

    /// <summary><c>&lt;function=NAME&gt;</c> with a <c>&lt;parameter=KEY&gt;</c> for each argument; texts stand as they are.</summary>
    Xml = 1,

    /// <summary><c>NAME</c>, then <c>&lt;arg_key&gt;KEY&lt;/arg_key&gt;</c> and <c>&lt;arg_value&gt;VALUE&lt;/arg_value&gt;</c> for each argument; texts stand as they are.</summary>
    KeysAndValues = 2,

    /// <summary>The name and a JSON object with something between.</summary>
    Named = 3,

    /// <summary><c>NAME(KEY=VALUE, …)</c> with literals of Python.</summary>
    Python = 4,

    /// <summary><c>NAME{KEY:VALUE,…}</c> with marks around texts and keys as they are.</summary>
    Gemma = 5,
}
