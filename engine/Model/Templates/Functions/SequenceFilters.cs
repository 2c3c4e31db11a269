using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Functions;

/// <summary>Filters on whatever can be iterated, and on mappings.</summary>
internal static class SequenceFilters
{
    public static readonly Dictionary<string, TemplateFunction> Table = new(StringComparer.Ordinal)
    {
        ["length"] = Length,
        ["count"] = Length,
        ["first"] = First,
        ["last"] = Last,
        ["list"] = (context, self, _) => new Sequence(Members.Iterate(context, self)),
        ["items"] = Items,
        ["join"] = Join,
        ["sort"] = Sort,
        ["dictsort"] = SortEntries,
        ["unique"] = Unique,
        ["reverse"] = Reverse,
        ["min"] = (context, self, arguments) => Extreme(context, self, arguments, "filter 'min'", smallest: true),
        ["max"] = (context, self, arguments) => Extreme(context, self, arguments, "filter 'max'", smallest: false),
        ["sum"] = Sum,
        ["batch"] = Batch,
    };

    private static object? Length(RenderContext context, object? self, Arguments arguments) => self switch
    {
        TemplateText text => (long)text.Length,
        Mapping mapping => (long)mapping.Count,
        Sequence { Kind: not SequenceKind.Generator } sequence => (long)sequence.Count,
        Undefined => 0L,
        Sequence => throw context.Fail("filter 'length'", "the result of a lazy filter has none; apply the filter 'list' first"),
        _ => throw context.Fail("filter 'length'", $"{Members.TypeName(self)} has none"),
    };

    private static object? First(RenderContext context, object? self, Arguments arguments) => self is TemplateText text
        ? text.Length > 0 ? text.Slice(0, 1) : new Undefined("the first item")
        : Members.Iterate(context, self) is [var first, ..] ? first : new Undefined("the first item");

    private static object? Last(RenderContext context, object? self, Arguments arguments) => self is TemplateText text
        ? text.Length > 0 ? text.Slice(text.Length - 1) : new Undefined("the last item")
        : Members.Iterate(context, self) is [.., var last] ? last : new Undefined("the last item");

    private static object? Items(RenderContext context, object? self, Arguments arguments) => self switch
    {
        Mapping mapping => MappingMethods.Items(mapping),
        Undefined => new Sequence([]),
        _ => throw context.Fail("filter 'items'", $"{Members.TypeName(self)} is no mapping"),
    };

    private static object? Join(RenderContext context, object? self, Arguments arguments)
    {
        var bound = arguments.Bind(context, "filter 'join'", 0, "d", "attribute");
        var separator = PythonText.Of(context, bound.Value(0, TemplateText.Empty));
        var path = AttributePath.Of(context, bound.Value(1));
        var builder = new TextBuilder(context);
        var first = true;
        foreach (var item in Members.Iterate(context, self))
        {
            if (!first)
            {
                builder.Append(separator);
            }

            PythonText.Append(context, builder, path.Get(context, item));
            first = false;
        }

        return builder.ToText();
    }

    private static object? Sort(RenderContext context, object? self, Arguments arguments)
    {
        var bound = arguments.Bind(context, "filter 'sort'", 0, "reverse", "case_sensitive", "attribute");
        var sensitive = bound.Boolean(1, false);
        var paths = AttributePath.Several(context, bound.Value(2));
        object? Key(object? item) => paths.Length == 1
            ? Sorting.Folded(context, paths[0].Get(context, item), sensitive)
            : new Sequence([.. paths.Select(path => Sorting.Folded(context, path.Get(context, item), sensitive))]);
        return new Sequence([.. Sorting.Sort(context, Members.Iterate(context, self), Key, bound.Boolean(0, false))]);
    }

    private static object? SortEntries(RenderContext context, object? self, Arguments arguments)
    {
        var bound = arguments.Bind(context, "filter 'dictsort'", 0, "case_sensitive", "by", "reverse");
        var mapping = self as Mapping ?? throw context.Fail("filter 'dictsort'", $"{Members.TypeName(self)} is no mapping");
        var place = (bound.TextOrNull(1)?.ToString() ?? "key") switch
        {
            "key" => 0,
            "value" => 1,
            _ => throw context.Fail("filter 'dictsort'", "sorts by 'key' or 'value'"),
        };
        var sensitive = bound.Boolean(0, false);
        object? Key(object? item) => Sorting.Folded(context, ((Sequence)item!).Items[place], sensitive);
        return new Sequence([.. Sorting.Sort(context, MappingMethods.Items(mapping).Items, Key, bound.Boolean(2, false))]);
    }

    private static object? Unique(RenderContext context, object? self, Arguments arguments)
    {
        var bound = arguments.Bind(context, "filter 'unique'", 0, "case_sensitive", "attribute");
        var path = AttributePath.Of(context, bound.Value(1));
        var seen = new List<object?>();
        var keys = new HashSet<object>(KeyComparer.Instance);
        var unique = new List<object?>();
        foreach (var item in Members.Iterate(context, self))
        {
            var key = Sorting.Folded(context, path.Get(context, item), bound.Boolean(0, false));
            if (KeyComparer.Accepts(key) ? !keys.Add(key!) : seen.Exists(other => Comparison.AreEqual(context, other, key)))
            {
                continue;
            }

            if (!KeyComparer.Accepts(key))
            {
                seen.Add(key);
            }

            unique.Add(item);
        }

        return new Sequence([.. unique], SequenceKind.Generator);
    }

    private static object? Reverse(RenderContext context, object? self, Arguments arguments)
    {
        if (self is TemplateText)
        {
            return Members.Slice(context, self, null, null, -1L);
        }

        object?[] items = [.. Members.Iterate(context, self)];
        Array.Reverse(items);
        return new Sequence(items, SequenceKind.Generator);
    }

    private static object? Extreme(RenderContext context, object? self, Arguments arguments, string name, bool smallest)
    {
        var bound = arguments.Bind(context, name, 0, "case_sensitive", "attribute");
        var path = AttributePath.Of(context, bound.Value(1));
        var items = Members.Iterate(context, self);
        if (items.Length == 0)
        {
            return new Undefined("an item of an empty list");
        }

        var (best, bestKey) = (items[0], Sorting.Folded(context, path.Get(context, items[0]), bound.Boolean(0, false)));
        foreach (var item in items.AsSpan(1))
        {
            var key = Sorting.Folded(context, path.Get(context, item), bound.Boolean(0, false));
            var order = Comparison.Order(context, key, bestKey);
            if (smallest ? order < 0 : order > 0)
            {
                (best, bestKey) = (item, key);
            }
        }

        return best;
    }

    private static object? Sum(RenderContext context, object? self, Arguments arguments)
    {
        var bound = arguments.Bind(context, "filter 'sum'", 0, "attribute", "start");
        var path = AttributePath.Of(context, bound.Value(0));
        return Members.Iterate(context, self)
            .Aggregate(bound.Value(1, 0L), (sum, item) => Operators.Apply(context, "+", sum, path.Get(context, item)));
    }

    private static object? Batch(RenderContext context, object? self, Arguments arguments)
    {
        var bound = arguments.Bind(context, "filter 'batch'", 1, "linecount", "fill_with");
        var size = (int)Math.Clamp(bound.Integer(0, 1), 1, TemplateLimits.ListLength);
        var batches = Members.Iterate(context, self).Chunk(size).ToList();
        if (bound.Value(1) is { } fill && batches is [.., var last] && last.Length < size)
        {
            context.Step(size);
            batches[^1] = [.. last, .. Enumerable.Repeat(fill, size - last.Length)];
        }

        return new Sequence([.. batches.Select(batch => new Sequence(batch))], SequenceKind.Generator);
    }
}
