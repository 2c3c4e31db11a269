using Crescent.Engine.Model.Templates.Functions;
using Crescent.Engine.Model.Templates.Runtime;

namespace Crescent.Engine.Model.Templates.Expressions;

/// <summary><c>value[key]</c>.</summary>
internal sealed class ItemExpression(int line, Expression target, Expression key) : Expression(line)
{
    protected override object? Compute(RenderContext context, Scope scope)
    {
        var (value, index) = (target.Evaluate(context, scope), key.Evaluate(context, scope));
        context.Line = Line;
        return MemberAccess.Item(context, value, index);
    }
}
