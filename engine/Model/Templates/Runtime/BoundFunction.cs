namespace Crescent.Engine.Model.Templates.Runtime;

/// <summary>A global function, or a method of <paramref name="self"/>.</summary>
internal sealed class BoundFunction(string name, TemplateFunction function, object? self) : Callable
{
    public override string Name => name;

    public override object? Invoke(RenderContext context, Arguments arguments) => function(context, self, arguments);
}
