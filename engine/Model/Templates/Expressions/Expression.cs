using Crescent.Engine.Model.Templates.Runtime;

namespace Crescent.Engine.Model.Templates.Expressions;

/// <summary>Something that has a value.</summary>
internal abstract class Expression(int line)
{
    /// <summary>Line in the source, from 1.</summary>
    public int Line { get; } = line;

    /// <summary>Its value in <paramref name="scope"/>.</summary>
    /// <exception cref="TemplateException">It has none, or the limits of the rendering are reached.</exception>
    public object? Evaluate(RenderContext context, Scope scope)
    {
        context.Enter(Line);
        var value = Compute(context, scope);
        context.Leave();
        return value;
    }

    protected abstract object? Compute(RenderContext context, Scope scope);
}
