using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Expressions;

/// <summary>A list or tuple.</summary>
internal sealed class SequenceLiteral(int line, IReadOnlyList<Expression> items, SequenceKind kind) : Expression(line)
{
    public IReadOnlyList<Expression> Items => items;

    public SequenceKind Kind => kind;

    protected override object? Compute(RenderContext context, Scope scope) =>
        new Sequence([.. items.Select(item => item.Evaluate(context, scope))], kind);
}
