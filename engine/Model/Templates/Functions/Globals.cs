using System.Collections.Frozen;
using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Functions;

/// <summary>The functions every template can call: Jinja's own, and the two that model hubs add.</summary>
internal static class Globals
{
    public static readonly FrozenDictionary<string, BoundFunction> Table = new Dictionary<string, TemplateFunction>
    {
        ["range"] = Range,
        ["namespace"] = MakeNamespace,
        ["dict"] = MakeMapping,
        ["raise_exception"] = Raise,
        ["strftime_now"] = Now,
    }.ToFrozenDictionary(entry => entry.Key, entry => new BoundFunction(entry.Key, entry.Value, null), StringComparer.Ordinal);

    private static object? Range(RenderContext context, object? self, Arguments arguments)
    {
        var bound = arguments.Bind(context, "range", 1, "start", "stop", "step");
        var start = bound.Has(1) ? bound.Integer(0, 0) : 0;
        var stop = bound.Has(1) ? bound.Integer(1, 0) : bound.Integer(0, 0);
        var step = bound.Integer(2, 1);
        if (step == 0)
        {
            throw context.Fail("range()", "its step is zero");
        }

        var distance = step > 0 ? (Int128)stop - start : (Int128)start - stop;
        var stride = Int128.Abs(step);
        var count = distance <= 0 ? 0 : (distance + stride - 1) / stride;
        if (count > TemplateLimits.RangeLength)
        {
            throw context.Fail("range()", $"longer than {TemplateLimits.RangeLength:N0} elements");
        }

        context.Step((long)count);
        var items = new object?[(int)count];
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = start + (i * step);
        }

        return new Sequence(items, SequenceKind.Range);
    }

    private static object? MakeNamespace(RenderContext context, object? self, Arguments arguments)
    {
        var space = new Namespace();
        foreach (var (key, value) in ((Mapping)MakeMapping(context, self, arguments)!).Entries)
        {
            space.Attributes[key.ToString()!] = value;
        }

        return space;
    }

    private static object? MakeMapping(RenderContext context, object? self, Arguments arguments)
    {
        var mapping = new Mapping();
        foreach (var source in arguments.Positional)
        {
            foreach (var item in source is Mapping given ? MappingMethods.Items(given).Items : Members.Iterate(context, source))
            {
                var pair = Members.Iterate(context, item);
                if (pair.Length != 2 || !KeyComparer.Accepts(pair[0]))
                {
                    throw context.Fail("dict()", "needs pairs of a key and a value");
                }

                mapping.Set(pair[0]!, pair[1]);
            }
        }

        foreach (var (name, value) in arguments.Named)
        {
            mapping.Set(TemplateText.Of(name), value);
        }

        return mapping;
    }

    private static object? Raise(RenderContext context, object? self, Arguments arguments)
    {
        var message = arguments.Bind(context, "raise_exception", 1, "message").Value(0);
        throw context.Fail("raise_exception", PythonText.Of(context, message).ToString());
    }

    private static object? Now(RenderContext context, object? self, Arguments arguments)
    {
        var format = arguments.Bind(context, "strftime_now", 1, "format").Text(0);
        return DateFormat.Apply(context, context.Time.GetLocalNow(), format.ToString());
    }
}
