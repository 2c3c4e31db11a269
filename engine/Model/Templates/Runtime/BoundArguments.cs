using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Runtime;

/// <summary>The arguments of a built-in function by the position of its parameters, with Python's conversions.</summary>
internal readonly struct BoundArguments(RenderContext context, string function, object?[] values)
{
    /// <summary>Stands for an argument that was not given.</summary>
    public static readonly object Missing = new();

    public bool Has(int index) => values[index] != Missing;

    public object? Value(int index, object? standard = null) => Has(index) ? values[index] : standard;

    /// <summary>A text; None and absence give null.</summary>
    public TemplateText? TextOrNull(int index) => Value(index) switch
    {
        null => null,
        TemplateText text => text,
        var other => throw context.Fail(function, $"needs text, not {Members.TypeName(other)}"),
    };

    public TemplateText Text(int index) => TextOrNull(index) ?? throw context.Fail(function, "needs text, not None");

    public long Integer(int index, long standard) => Value(index, standard) switch
    {
        long integer => integer,
        bool boolean => boolean ? 1 : 0,
        var other => throw context.Fail(function, $"needs an integer, not {Members.TypeName(other)}"),
    };

    public bool Boolean(int index, bool standard) => Has(index) ? Comparison.IsTrue(values[index]) : standard;
}
