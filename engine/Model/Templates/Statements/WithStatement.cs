using Crescent.Engine.Model.Templates.Expressions;
using Crescent.Engine.Model.Templates.Runtime;

namespace Crescent.Engine.Model.Templates.Statements;

/// <summary><c>{% with a = 1 %}</c>, or any block that has a scope of its own.</summary>
internal sealed class WithStatement(
    int line, IReadOnlyList<(AssignmentTarget Target, Expression Value)> assignments, Block body) : Statement(line)
{
    protected override Flow Run(RenderContext context, Scope scope)
    {
        var inner = new Scope(scope);
        foreach (var (target, value) in assignments)
        {
            var assigned = value.Evaluate(context, scope);
            context.Line = Line;
            target.Assign(context, inner, assigned);
        }

        return body.Execute(context, inner);
    }
}
