using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Statements;

/// <summary>Text between tags.</summary>
internal sealed class TextStatement(int line, string text) : Statement(line)
{
    private readonly TemplateText _text = TemplateText.Of(text);

    protected override Flow Run(RenderContext context, Scope scope)
    {
        context.Output.Append(_text);
        return Flow.Next;
    }
}
