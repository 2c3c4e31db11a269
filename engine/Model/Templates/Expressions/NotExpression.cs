using Crescent.Engine.Model.Templates.Runtime;

namespace Crescent.Engine.Model.Templates.Expressions;

/// <summary><c>not</c>.</summary>
internal sealed class NotExpression(int line, Expression operand) : Expression(line)
{
    protected override object? Compute(RenderContext context, Scope scope) => !Comparison.IsTrue(operand.Evaluate(context, scope));
}
