using Crescent.Engine.Model.Templates.Runtime;

namespace Crescent.Engine.Model.Templates.Statements;

/// <summary><c>{% break %}</c> or <c>{% continue %}</c>.</summary>
internal sealed class LoopControl(int line, Flow flow) : Statement(line)
{
    protected override Flow Run(RenderContext context, Scope scope) => flow;
}
