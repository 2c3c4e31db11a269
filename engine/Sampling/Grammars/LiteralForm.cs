using Crescent.Engine.Model.ToolCalls;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>How calls that are no JSON write arguments and values.</summary>
/// <param name="Opening">Before the arguments.</param>
/// <param name="Closing">Behind them.</param>
/// <param name="Assign">Between an argument's name and its value.</param>
/// <param name="Separator">Between arguments, and between values of lists and objects.</param>
/// <param name="True">True.</param>
/// <param name="False">False.</param>
/// <param name="Null">No value.</param>
internal sealed record LiteralForm(string Opening, string Closing, string Assign, string Separator, string True, string False, string Null)
{
    private static readonly LiteralForm Python = new("(", ")", "=", ", ", "True", "False", "None");
    private static readonly LiteralForm Gemma = new("{", "}", ":", ",", "true", "false", "null");

    /// <summary>That of <see cref="CallSyntax.Python"/> or of <see cref="CallSyntax.Gemma"/>.</summary>
    public static LiteralForm Of(CallSyntax syntax) => syntax == CallSyntax.Python ? Python : Gemma;
}
