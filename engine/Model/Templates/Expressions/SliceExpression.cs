using Crescent.Engine.Model.Templates.Runtime;

namespace Crescent.Engine.Model.Templates.Expressions;

/// <summary><c>value[start:stop:step]</c>.</summary>
internal sealed class SliceExpression(int line, Expression target, Expression? start, Expression? stop, Expression? step) : Expression(line)
{
    protected override object? Compute(RenderContext context, Scope scope)
    {
        var value = target.Evaluate(context, scope);
        var (first, last, stride) = (start?.Evaluate(context, scope), stop?.Evaluate(context, scope), step?.Evaluate(context, scope));
        context.Line = Line;
        return Members.Slice(context, value, first, last, stride);
    }
}
