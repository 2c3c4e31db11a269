using Crescent.Engine.Model.Templates.Functions;
using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Expressions;

/// <summary>A variable, or a global function where no variable has the name.</summary>
internal sealed class NameReference(int line, string name) : Expression(line)
{
    private readonly Undefined _undefined = new($"'{name}'");

    public string Name => name;

    protected override object? Compute(RenderContext context, Scope scope) =>
        scope.TryGet(name, out var value) ? value
        : Globals.Table.TryGetValue(name, out var function) ? function
        : _undefined;
}
