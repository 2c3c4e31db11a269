using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Expressions;

/// <summary>A call of a function, method or macro.</summary>
internal sealed class CallExpression(int line, Expression target, ArgumentList arguments) : Expression(line)
{
    /// <summary>Calls with <paramref name="caller"/>, the body of a call block, beside the written arguments.</summary>
    public object? Invoke(RenderContext context, Scope scope, Callable? caller)
    {
        var function = target.Evaluate(context, scope);
        var given = arguments.Evaluate(context, scope);
        if (caller is not null)
        {
            given = new Arguments(given.Positional, [.. given.Named, KeyValuePair.Create("caller", (object?)caller)]);
        }

        context.Line = Line;
        return function switch
        {
            Callable callable => callable.Invoke(context, given),
            Undefined undefined => throw context.Fail("call", $"{undefined.What} is undefined"),
            _ => throw context.Fail("call", $"{Members.TypeName(function)} cannot be called"),
        };
    }

    protected override object? Compute(RenderContext context, Scope scope) => Invoke(context, scope, null);
}
