namespace Crescent.Engine.Model.Templates.Runtime;

/// <summary>Something a template can call.</summary>
internal abstract class Callable
{
    public abstract string Name { get; }

    public abstract object? Invoke(RenderContext context, Arguments arguments);

    /// <summary>An attribute of it; false where it has none of that name.</summary>
    public virtual bool TryGet(string name, out object? value)
    {
        value = null;
        return false;
    }
}
