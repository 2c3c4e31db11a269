using Crescent.Engine.Model.Templates.Runtime;

namespace Crescent.Engine.Model.Templates.Expressions;

/// <summary><c>and</c> or <c>or</c>: the operand that decides.</summary>
internal sealed class LogicalExpression(int line, Expression left, Expression right, bool isAnd) : Expression(line)
{
    protected override object? Compute(RenderContext context, Scope scope)
    {
        var value = left.Evaluate(context, scope);
        return Comparison.IsTrue(value) == isAnd ? right.Evaluate(context, scope) : value;
    }
}
