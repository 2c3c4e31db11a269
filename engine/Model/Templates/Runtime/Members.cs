using System.Numerics;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Runtime;

/// <summary>Types and slices of values, and what can be iterated.</summary>
internal static class Members
{
    /// <summary>Python's name of a value's type, for messages.</summary>
    public static string TypeName(object? value) => value switch
    {
        null => "None",
        Undefined undefined => $"undefined {undefined.What}",
        bool => "a boolean",
        long or BigInteger => "an integer",
        double => "a float",
        TemplateText => "text",
        Sequence => "a list",
        Mapping => "a mapping",
        Namespace => "a namespace",
        _ => "a function",
    };

    /// <summary><c>value[start:stop:step]</c>, each null where it is left out.</summary>
    public static object? Slice(RenderContext context, object? value, object? start, object? stop, object? step)
    {
        var length = value switch
        {
            TemplateText text => text.Length,
            Sequence { IsIndexed: true } sequence => sequence.Count,
            Undefined undefined => throw context.Fail("slice", $"{undefined.What} is undefined"),
            _ => throw context.Fail("slice", $"{TypeName(value)} has none"),
        };
        var stride = Bound(context, step) ?? 1;
        if (stride == 0)
        {
            throw context.Fail("slice", "its step is zero");
        }

        var first = Clamp(Bound(context, start), length, stride, stride > 0 ? 0 : length - 1);
        var last = Clamp(Bound(context, stop), length, stride, stride > 0 ? length : -1);
        var count = stride > 0 ? (last - first + stride - 1) / stride : (first - last - stride - 1) / -stride;
        count = Math.Max(0, Math.Min(count, length));
        context.Step();
        context.Charge(count);
        if (value is TemplateText whole)
        {
            if (stride == 1)
            {
                return count == 0 ? TemplateText.Empty : whole.Slice((int)first, (int)count);
            }

            var codes = new int[count];
            for (var i = 0; i < codes.Length; i++)
            {
                codes[i] = whole.Codes[(int)(first + (i * stride))];
            }

            return TemplateText.Of(codes);
        }

        var list = (Sequence)value!;
        var items = new object?[count];
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = list.Items[first + (i * stride)];
        }

        return new Sequence(items, list.Kind);
    }

    /// <summary>The elements of something that can be iterated: characters of a text, keys of a mapping.</summary>
    /// <exception cref="TemplateException">It cannot be iterated.</exception>
    public static object?[] Iterate(RenderContext context, object? value)
    {
        object?[] items = value switch
        {
            Sequence sequence => sequence.Items,
            Mapping mapping => [.. mapping.Entries.Select(entry => entry.Key)],
            TemplateText text => Characters(context, text),
            Undefined => [],
            _ => throw context.Fail("iteration", $"{TypeName(value)} cannot be iterated"),
        };
        context.Step(items.Length);
        return items;
    }

    private static object?[] Characters(RenderContext context, TemplateText text)
    {
        context.Step(text.Length);
        var characters = new object?[text.Length];
        for (var i = 0; i < characters.Length; i++)
        {
            characters[i] = text.Slice(i, 1);
        }

        return characters;
    }

    private static long? Bound(RenderContext context, object? value) => value switch
    {
        null => null,
        bool boolean => boolean ? 1 : 0,
        // Nothing is as long as these, and clamping keeps the arithmetic in range.
        long integer => Math.Clamp(integer, -int.MaxValue, int.MaxValue),
        _ => throw context.Fail("slice", $"its bound is {TypeName(value)}"),
    };

    private static long Clamp(long? bound, int length, long stride, long standard)
    {
        if (bound is not { } place)
        {
            return standard;
        }

        place = place < 0 ? place + length : place;
        return stride > 0 ? Math.Clamp(place, 0, length) : Math.Clamp(place, -1, length - 1);
    }
}
