using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Statements;

/// <summary>A macro or the body of a call block, with the scope it was defined in.</summary>
internal sealed class Macro(MacroDefinition definition, Scope scope) : Callable
{
    public override string Name => definition.Name;

    public override object? Invoke(RenderContext context, Arguments arguments)
    {
        var inner = new Scope(scope);
        Bind(context, inner, arguments);
        return context.Capture(() => definition.Body.Execute(context, inner));
    }

    private void Bind(RenderContext context, Scope inner, Arguments arguments)
    {
        var parameters = definition.Parameters;
        var positional = arguments.Positional;
        for (var i = 0; i < parameters.Count; i++)
        {
            var given = i < positional.Length;
            var named = arguments.TryNamed(parameters[i].Name, out var value);
            if (given && named)
            {
                throw context.Fail($"macro '{Name}'", $"got two values for '{parameters[i].Name}'");
            }

            inner.Set(parameters[i].Name, given ? positional[i]
                : named ? value
                : parameters[i].Default is { } standard ? standard.Evaluate(context, inner)
                : new Undefined($"'{parameters[i].Name}'"));
        }

        var others = new Mapping();
        foreach (var (name, value) in arguments.Named)
        {
            if (!parameters.Any(parameter => parameter.Name == name))
            {
                others.Set(TemplateText.Of(name), value);
            }
        }

        inner.Set("varargs", new Sequence(positional.Length > parameters.Count ? positional[parameters.Count..] : [], SequenceKind.Tuple));
        inner.Set("kwargs", others);
        if (arguments.TryNamed("caller", out var caller))
        {
            inner.Set("caller", caller);
        }
    }
}
