using Crescent.Engine.Model.Templates.Expressions;
using Crescent.Engine.Model.Templates.Runtime;

namespace Crescent.Engine.Model.Templates.Statements;

/// <summary><c>{% if %}</c>; it has no scope of its own.</summary>
internal sealed class IfStatement(int line, IReadOnlyList<(Expression Condition, Block Body)> branches, Block? otherwise) : Statement(line)
{
    protected override Flow Run(RenderContext context, Scope scope)
    {
        foreach (var (condition, body) in branches)
        {
            if (Comparison.IsTrue(condition.Evaluate(context, scope)))
            {
                return body.Execute(context, scope);
            }
        }

        return otherwise?.Execute(context, scope) ?? Flow.Next;
    }
}
