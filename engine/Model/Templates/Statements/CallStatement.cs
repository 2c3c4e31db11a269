using Crescent.Engine.Model.Templates.Expressions;
using Crescent.Engine.Model.Templates.Runtime;

namespace Crescent.Engine.Model.Templates.Statements;

/// <summary><c>{% call(…) name(…) %}</c>: calls a macro that gets the body as its <c>caller</c>.</summary>
internal sealed class CallStatement(int line, CallExpression call, MacroDefinition caller) : Statement(line)
{
    protected override Flow Run(RenderContext context, Scope scope)
    {
        PythonText.Append(context, context.Output, call.Invoke(context, scope, new Macro(caller, scope)));
        return Flow.Next;
    }
}
