using Crescent.Engine.Model.Templates.Runtime;

namespace Crescent.Engine.Model.Templates.Expressions;

/// <summary>A constant.</summary>
internal sealed class Literal(int line, object? value) : Expression(line)
{
    public object? Value => value;

    protected override object? Compute(RenderContext context, Scope scope) => value;
}
