using Crescent.Engine.Model.ToolCalls;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>What stands around names and values of calls whose arguments are elements.</summary>
/// <param name="Function">Before the function's name.</param>
/// <param name="BehindFunction">Behind it.</param>
/// <param name="Parameter">Before a parameter's name.</param>
/// <param name="BehindParameter">Behind it.</param>
/// <param name="Closing">Behind a value; a line end follows.</param>
/// <param name="End">Behind the last parameter.</param>
/// <param name="Excluded">Characters that no parameter's name may have.</param>
internal sealed record ElementForm(string Function, string BehindFunction, string Parameter, string BehindParameter, string Closing, string End, string Excluded)
{
    private static readonly ElementForm Xml = new("<function=", ">\n", "<parameter=", ">\n", "\n</parameter>", "</function>", ">\n");
    private static readonly ElementForm KeysAndValues = new("", "\n", "<arg_key>", "</arg_key>\n<arg_value>", "</arg_value>", "", "<\n");

    /// <summary>That of <see cref="CallSyntax.Xml"/> or of <see cref="CallSyntax.KeysAndValues"/>.</summary>
    public static ElementForm Of(CallSyntax syntax) => syntax == CallSyntax.Xml ? Xml : KeysAndValues;
}
