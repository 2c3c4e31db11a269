using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Functions;

/// <summary>Attributes, methods and items of values.</summary>
internal static class MemberAccess
{
    /// <summary><c>value.name</c>: a method before an entry, as Jinja looks them up.</summary>
    public static object? Attribute(RenderContext context, object? value, string name)
    {
        if (value is Undefined undefined)
        {
            throw context.Fail($"attribute '{name}'", $"{undefined.What} is undefined");
        }

        return value switch
        {
            _ when Method(value, name) is { } method => method,
            Mapping mapping when mapping.TryGet(TemplateText.Of(name), out var entry) => entry,
            Namespace space when space.Attributes.TryGetValue(name, out var entry) => entry,
            Callable callable when callable.TryGet(name, out var entry) => entry,
            _ => new Undefined($"'{name}' of {Members.TypeName(value)}"),
        };
    }

    /// <summary><c>value[key]</c>: an entry before a method.</summary>
    public static object? Item(RenderContext context, object? value, object? key)
    {
        switch (value)
        {
            case Undefined undefined:
                throw context.Fail("item", $"{undefined.What} is undefined");
            case Mapping mapping when mapping.TryGet(key, out var entry):
                return entry;
            case Sequence { IsIndexed: true } sequence when key is long or bool:
                return At(sequence.Count, key, out var place) ? sequence.Items[place] : new Undefined($"item {place}");
            case TemplateText text when key is long or bool:
                return At(text.Length, key, out var at) ? text.Slice(at, 1) : new Undefined($"character {at}");
            default:
                return key is TemplateText name
                    ? Attribute(context, value, name.ToString())
                    : new Undefined($"that item of {Members.TypeName(value)}");
        }
    }

    private static BoundFunction? Method(object? value, string name)
    {
        var table = value switch
        {
            TemplateText => TextMethods.Table,
            Mapping => MappingMethods.Table,
            Sequence => SequenceMethods.Table,
            _ => null,
        };
        return table is not null && table.TryGetValue(name, out var function) ? new BoundFunction(name, function, value) : null;
    }

    private static bool At(int length, object key, out int index)
    {
        var wanted = key is bool boolean ? (boolean ? 1 : 0) : (long)key;
        wanted = wanted < 0 ? wanted + length : wanted;
        var inside = wanted >= 0 && wanted < length;
        index = inside ? (int)wanted : (int)Math.Clamp(wanted, int.MinValue, int.MaxValue);
        return inside;
    }
}
