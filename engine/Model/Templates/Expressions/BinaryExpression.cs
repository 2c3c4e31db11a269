using Crescent.Engine.Model.Templates.Functions;
using Crescent.Engine.Model.Templates.Runtime;

namespace Crescent.Engine.Model.Templates.Expressions;

/// <summary>An arithmetic operator.</summary>
internal sealed class BinaryExpression(int line, string symbol, Expression left, Expression right) : Expression(line)
{
    protected override object? Compute(RenderContext context, Scope scope)
    {
        var (first, second) = (left.Evaluate(context, scope), right.Evaluate(context, scope));
        context.Line = Line;
        return Operators.Apply(context, symbol, first, second);
    }
}
