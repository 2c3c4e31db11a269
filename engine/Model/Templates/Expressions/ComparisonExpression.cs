using Crescent.Engine.Model.Templates.Runtime;

namespace Crescent.Engine.Model.Templates.Expressions;

/// <summary>A chain of comparisons, <c>a &lt; b &lt;= c</c>: each operand is evaluated once, and the first that fails ends it.</summary>
internal sealed class ComparisonExpression(
    int line, Expression first, IReadOnlyList<(string Symbol, Expression Operand)> rest) : Expression(line)
{
    protected override object? Compute(RenderContext context, Scope scope)
    {
        var left = first.Evaluate(context, scope);
        foreach (var (symbol, operand) in rest)
        {
            var right = operand.Evaluate(context, scope);
            context.Line = Line;
            if (!Holds(context, symbol, left, right))
            {
                return false;
            }

            left = right;
        }

        return true;
    }

    private static bool Holds(RenderContext context, string symbol, object? left, object? right) => symbol switch
    {
        "==" => Comparison.AreEqual(context, left, right),
        "!=" => !Comparison.AreEqual(context, left, right),
        "in" => Comparison.Contains(context, right, left),
        "not in" => !Comparison.Contains(context, right, left),
        "<" => Comparison.Order(context, left, right) < 0,
        "<=" => Comparison.Order(context, left, right) <= 0,
        ">" => Comparison.Order(context, left, right) > 0,
        _ => Comparison.Order(context, left, right) >= 0,
    };
}
