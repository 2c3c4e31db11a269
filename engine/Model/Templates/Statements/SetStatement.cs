using Crescent.Engine.Model.Templates.Expressions;
using Crescent.Engine.Model.Templates.Runtime;

namespace Crescent.Engine.Model.Templates.Statements;

/// <summary><c>{% set target = value %}</c>.</summary>
internal sealed class SetStatement(int line, AssignmentTarget target, Expression value) : Statement(line)
{
    protected override Flow Run(RenderContext context, Scope scope)
    {
        var assigned = value.Evaluate(context, scope);
        context.Line = Line;
        target.Assign(context, scope, assigned);
        return Flow.Next;
    }
}
