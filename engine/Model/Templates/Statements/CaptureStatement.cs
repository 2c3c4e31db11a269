using Crescent.Engine.Model.Templates.Expressions;
using Crescent.Engine.Model.Templates.Functions;
using Crescent.Engine.Model.Templates.Runtime;

namespace Crescent.Engine.Model.Templates.Statements;

/// <summary>
/// A block whose output goes through filters and then to a name (<c>{% set x | f %}</c>) or, without a target, to the output
/// (<c>{% filter f %}</c>).
/// </summary>
internal sealed class CaptureStatement(
    int line, AssignmentTarget? target, IReadOnlyList<(string Name, ArgumentList Arguments)> filters, Block body) : Statement(line)
{
    protected override Flow Run(RenderContext context, Scope scope)
    {
        object? value = context.Capture(() => body.Execute(context, new Scope(scope)));
        foreach (var (name, arguments) in filters)
        {
            var given = arguments.Evaluate(context, scope);
            context.Line = Line;
            value = Filters.Apply(context, name, value, given);
        }

        context.Line = Line;
        if (target is not null)
        {
            target.Assign(context, scope, value);
        }
        else
        {
            PythonText.Append(context, context.Output, value);
        }

        return Flow.Next;
    }
}
