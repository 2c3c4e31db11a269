using Crescent.Engine.Model.Templates.Runtime;

namespace Crescent.Engine.Model.Templates.Statements;

/// <summary>Something that writes to the output or changes names.</summary>
internal abstract class Statement(int line)
{
    /// <summary>Line in the source, from 1.</summary>
    public int Line { get; } = line;

    /// <summary>Runs it in <paramref name="scope"/>.</summary>
    /// <exception cref="TemplateException">It cannot be run, or the limits of the rendering are reached.</exception>
    public Flow Execute(RenderContext context, Scope scope)
    {
        context.Enter(Line);
        var flow = Run(context, scope);
        context.Leave();
        return flow;
    }

    protected abstract Flow Run(RenderContext context, Scope scope);
}
