using Crescent.Engine.Model.Templates.Functions;
using Crescent.Engine.Model.Templates.Runtime;

namespace Crescent.Engine.Model.Templates.Expressions;

/// <summary><c>value is name</c>.</summary>
internal sealed class TestExpression(int line, Expression target, string name, ArgumentList arguments) : Expression(line)
{
    protected override object? Compute(RenderContext context, Scope scope)
    {
        var value = target.Evaluate(context, scope);
        var given = arguments.Evaluate(context, scope);
        context.Line = Line;
        return Tests.Apply(context, name, value, given);
    }
}
