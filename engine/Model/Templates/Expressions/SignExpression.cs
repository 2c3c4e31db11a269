using Crescent.Engine.Model.Templates.Functions;
using Crescent.Engine.Model.Templates.Runtime;

namespace Crescent.Engine.Model.Templates.Expressions;

/// <summary>A sign before a number.</summary>
internal sealed class SignExpression(int line, Expression operand, bool negative) : Expression(line)
{
    protected override object? Compute(RenderContext context, Scope scope)
    {
        var value = operand.Evaluate(context, scope);
        context.Line = Line;
        return negative ? Operators.Negate(context, value)
            : Numbers.IsNumber(value) ? value
            : throw context.Fail("operator +", $"{Members.TypeName(value)} is no number");
    }
}
