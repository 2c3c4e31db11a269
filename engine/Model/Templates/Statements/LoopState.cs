using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Statements;

/// <summary>The variable <c>loop</c> of one run of a for statement; callable where the statement is recursive.</summary>
internal sealed class LoopState(ForStatement statement, Scope scope, object?[] items, int depth) : Callable
{
    private object?[]? _changed;

    /// <summary>Index of the current item, from 0.</summary>
    public int Index { get; set; }

    public override string Name => "loop";

    public override bool TryGet(string name, out object? value)
    {
        value = name switch
        {
            "index" => (long)Index + 1,
            "index0" => (long)Index,
            "revindex" => (long)items.Length - Index,
            "revindex0" => (long)items.Length - Index - 1,
            "first" => Index == 0,
            "last" => Index == items.Length - 1,
            "length" => (long)items.Length,
            "depth" => (long)depth,
            "depth0" => (long)depth - 1,
            "previtem" => Index > 0 ? items[Index - 1] : new Undefined("'loop.previtem'"),
            "nextitem" => Index < items.Length - 1 ? items[Index + 1] : new Undefined("'loop.nextitem'"),
            "cycle" => new BoundFunction("loop.cycle", Cycle, null),
            "changed" => new BoundFunction("loop.changed", Changed, null),
            _ => this,
        };
        return value != this;
    }

    public override object? Invoke(RenderContext context, Arguments arguments)
    {
        if (!statement.IsRecursive)
        {
            throw context.Fail("loop()", "the for statement is not marked recursive");
        }

        return statement.Descend(context, scope, arguments.Bind(context, "loop", 1, "iterable").Value(0), depth + 1);
    }

    private object? Cycle(RenderContext context, object? self, Arguments arguments) => arguments.Positional.Length > 0
        ? arguments.Positional[Index % arguments.Positional.Length]
        : throw context.Fail("loop.cycle()", "needs a value");

    private object? Changed(RenderContext context, object? self, Arguments arguments)
    {
        var same = _changed is not null && Comparison.AreEqual(context, new Sequence(_changed), new Sequence(arguments.Positional));
        _changed = arguments.Positional;
        return !same;
    }
}
