using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Functions;

/// <summary>Filters that apply another filter or a test to every item; in Python they are lazy.</summary>
internal static class SelectionFilters
{
    public static readonly Dictionary<string, TemplateFunction> Table = new(StringComparer.Ordinal)
    {
        ["map"] = Map,
        ["select"] = (context, self, arguments) => Select(context, self, arguments, "select", byAttribute: false, wanted: true),
        ["reject"] = (context, self, arguments) => Select(context, self, arguments, "reject", byAttribute: false, wanted: false),
        ["selectattr"] = (context, self, arguments) => Select(context, self, arguments, "selectattr", byAttribute: true, wanted: true),
        ["rejectattr"] = (context, self, arguments) => Select(context, self, arguments, "rejectattr", byAttribute: true, wanted: false),
    };

    private static object? Map(RenderContext context, object? self, Arguments arguments)
    {
        var items = Members.Iterate(context, self);
        var mapped = new object?[items.Length];
        if (arguments.Positional.Length == 0)
        {
            var bound = arguments.Bind(context, "filter 'map'", 0, "attribute", "default");
            var path = AttributePath.Of(context, bound.Value(0));
            for (var i = 0; i < mapped.Length; i++)
            {
                var value = path.Get(context, items[i]);
                mapped[i] = value is Undefined && bound.Has(1) ? bound.Value(1) : value;
            }
        }
        else
        {
            var (name, rest) = Split(context, arguments, "filter 'map'", 0);
            for (var i = 0; i < mapped.Length; i++)
            {
                mapped[i] = Filters.Apply(context, name, items[i], rest);
            }
        }

        return new Sequence(mapped, SequenceKind.Generator);
    }

    private static Sequence Select(
        RenderContext context, object? self, Arguments arguments, string filter, bool byAttribute, bool wanted)
    {
        var construct = $"filter '{filter}'";
        var skipped = byAttribute ? 1 : 0;
        if (arguments.Positional.Length < skipped)
        {
            throw context.Fail(construct, "needs the name of an attribute");
        }

        var path = byAttribute ? AttributePath.Of(context, arguments.Positional[0]) : default;
        var test = arguments.Positional.Length > skipped ? Split(context, arguments, construct, skipped) : default;
        var kept = new List<object?>();
        foreach (var item in Members.Iterate(context, self))
        {
            var value = byAttribute ? path.Get(context, item) : item;
            var passes = test.Name is null ? Comparison.IsTrue(value) : Tests.Apply(context, test.Name, value, test.Others);
            if (passes == wanted)
            {
                kept.Add(item);
            }
        }

        return new Sequence([.. kept], SequenceKind.Generator);
    }

    private static (string Name, Arguments Others) Split(RenderContext context, Arguments arguments, string construct, int at) =>
        arguments.Positional[at] is TemplateText name
            ? (name.ToString(), new Arguments(arguments.Positional[(at + 1)..], arguments.Named))
            : throw context.Fail(construct, "needs the name of a filter or test");
}
