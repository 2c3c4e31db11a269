using Crescent.Engine.Model.Templates.Functions;
using Crescent.Engine.Model.Templates.Runtime;

namespace Crescent.Engine.Model.Templates.Expressions;

/// <summary><c>value.name</c>.</summary>
internal sealed class AttributeExpression(int line, Expression target, string name) : Expression(line)
{
    protected override object? Compute(RenderContext context, Scope scope)
    {
        var value = target.Evaluate(context, scope);
        context.Line = Line;
        return MemberAccess.Attribute(context, value, name);
    }
}
