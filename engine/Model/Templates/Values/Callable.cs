using Crescent.Engine.Model.Templates.Runtime;

namespace Crescent.Engine.Model.Templates.Values;

/// <summary>Something a template can call.</summary>
internal abstract class Callable
{
    public abstract string Name { get; }

    public abstract object? Invoke(RenderContext context, Arguments arguments);
}
