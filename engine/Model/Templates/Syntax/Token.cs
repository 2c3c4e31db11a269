namespace Crescent.Engine.Model.Templates.Syntax;

/// <summary>A piece of a template's source.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">As written; the value of a string, without quotes and escapes.</param>
/// <param name="Line">Line it begins in, from 1.</param>
internal readonly record struct Token(TokenKind Kind, string Text, int Line)
{
    /// <summary>How a message shows it.</summary>
    public override string ToString() => Kind switch
    {
        TokenKind.End => "the end of the template",
        TokenKind.VariableEnd => "the end of '{{'",
        TokenKind.BlockEnd => "the end of '{%'",
        _ => $"'{(Text.Length > 40 ? Text[..40] + "…" : Text)}'",
    };
}
