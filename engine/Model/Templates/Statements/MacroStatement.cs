using Crescent.Engine.Model.Templates.Runtime;

namespace Crescent.Engine.Model.Templates.Statements;

/// <summary><c>{% macro name(…) %}</c>: defines it in the scope it stands in.</summary>
internal sealed class MacroStatement(int line, MacroDefinition definition) : Statement(line)
{
    protected override Flow Run(RenderContext context, Scope scope)
    {
        scope.Set(definition.Name, new Macro(definition, scope));
        return Flow.Next;
    }
}
