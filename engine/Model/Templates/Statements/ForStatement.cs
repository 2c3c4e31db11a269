using Crescent.Engine.Model.Templates.Expressions;
using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Statements;

/// <summary><c>{% for target in source if filter %}</c>; every pass has a scope of its own.</summary>
internal sealed class ForStatement(
    int line, AssignmentTarget target, Expression source, Expression? filter, Block body, Block? otherwise, bool isRecursive)
    : Statement(line)
{
    /// <summary>Whether <c>loop(…)</c> runs it again inside itself.</summary>
    public bool IsRecursive => isRecursive;

    /// <summary>What a run over <paramref name="items"/> writes: a call of <c>loop</c>.</summary>
    public TemplateText Descend(RenderContext context, Scope scope, object? items, int depth) =>
        context.Capture(() => Run(context, scope, items, depth));

    protected override Flow Run(RenderContext context, Scope scope) => Run(context, scope, source.Evaluate(context, scope), 1);

    private Flow Run(RenderContext context, Scope scope, object? iterated, int depth)
    {
        context.Line = Line;
        var items = Filter(context, scope, Members.Iterate(context, iterated));
        var loop = new LoopState(this, scope, items, depth);
        for (; loop.Index < items.Length; loop.Index++)
        {
            var inner = new Scope(scope);
            context.Line = Line;
            target.Assign(context, inner, items[loop.Index]);
            inner.Set("loop", loop);
            if (body.Execute(context, inner) == Flow.Break)
            {
                return Flow.Next;
            }
        }

        return items.Length == 0 && otherwise is not null ? otherwise.Execute(context, new Scope(scope)) : Flow.Next;
    }

    private object?[] Filter(RenderContext context, Scope scope, object?[] items)
    {
        if (filter is null)
        {
            return items;
        }

        var kept = new List<object?>();
        foreach (var item in items)
        {
            var inner = new Scope(scope);
            target.Assign(context, inner, item);
            if (Comparison.IsTrue(filter.Evaluate(context, inner)))
            {
                kept.Add(item);
            }
        }

        return [.. kept];
    }
}
