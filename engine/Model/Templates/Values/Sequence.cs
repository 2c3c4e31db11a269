namespace Crescent.Engine.Model.Templates.Values;

/// <summary>An immutable list, tuple, range or view.</summary>
internal sealed class Sequence(object?[] items, SequenceKind kind = SequenceKind.List)
{
    public object?[] Items { get; } = items;

    public SequenceKind Kind { get; } = kind;

    public int Count => Items.Length;

    /// <summary>Whether it can be indexed and has a length.</summary>
    public bool IsIndexed => Kind is SequenceKind.List or SequenceKind.Tuple or SequenceKind.Range;

    public static Sequence Tuple(params object?[] items) => new(items, SequenceKind.Tuple);
}
