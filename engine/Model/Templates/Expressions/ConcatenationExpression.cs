using Crescent.Engine.Model.Templates.Runtime;

namespace Crescent.Engine.Model.Templates.Expressions;

/// <summary><c>a ~ b ~ c</c>: the texts of the operands, one after the other.</summary>
internal sealed class ConcatenationExpression(int line, IReadOnlyList<Expression> operands) : Expression(line)
{
    protected override object? Compute(RenderContext context, Scope scope)
    {
        var builder = new TextBuilder(context);
        foreach (var operand in operands)
        {
            PythonText.Append(context, builder, operand.Evaluate(context, scope));
        }

        return builder.ToText();
    }
}
