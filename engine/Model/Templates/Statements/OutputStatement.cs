using Crescent.Engine.Model.Templates.Expressions;
using Crescent.Engine.Model.Templates.Runtime;

namespace Crescent.Engine.Model.Templates.Statements;

/// <summary><c>{{ value }}</c>.</summary>
internal sealed class OutputStatement(int line, Expression value) : Statement(line)
{
    protected override Flow Run(RenderContext context, Scope scope)
    {
        var printed = value.Evaluate(context, scope);
        context.Line = Line;
        PythonText.Append(context, context.Output, printed);
        return Flow.Next;
    }
}
