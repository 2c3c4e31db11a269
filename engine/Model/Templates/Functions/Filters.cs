using System.Collections.Frozen;
using Crescent.Engine.Model.Templates.Runtime;

namespace Crescent.Engine.Model.Templates.Functions;

/// <summary>All filters by name: Jinja's, with the <c>tojson</c> of model hubs (no HTML escapes).</summary>
internal static class Filters
{
    private static readonly FrozenDictionary<string, TemplateFunction> Table =
        TextFilters.Table.Concat(SequenceFilters.Table).Concat(SelectionFilters.Table).Concat(ValueFilters.Table)
            .ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Applies a filter.</summary>
    /// <exception cref="TemplateException">There is no filter of that name, or it refuses its input.</exception>
    public static object? Apply(RenderContext context, string name, object? value, Arguments arguments) =>
        Table.TryGetValue(name, out var filter)
            ? filter(context, value, arguments)
            : throw context.Fail($"filter '{name}'", "not known");
}
