using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Expressions;

/// <summary><c>then if condition else otherwise</c>; without an else the value is undefined.</summary>
internal sealed class ConditionalExpression(int line, Expression condition, Expression then, Expression? otherwise) : Expression(line)
{
    protected override object? Compute(RenderContext context, Scope scope) =>
        Comparison.IsTrue(condition.Evaluate(context, scope)) ? then.Evaluate(context, scope)
        : otherwise is not null ? otherwise.Evaluate(context, scope)
        : new Undefined("the inline if without an else");
}
