using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Runtime;

/// <summary>Truth, equality, order and membership, as Python has them.</summary>
internal static class Comparison
{
    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool boolean => boolean,
        long integer => integer != 0,
        double real => real != 0,
        TemplateText text => text.Length > 0,
        Sequence sequence => sequence.Count > 0 || sequence.Kind == SequenceKind.Generator,
        Mapping mapping => mapping.Count > 0,
        _ => true,
    };

    public static bool AreEqual(RenderContext context, object? left, object? right)
    {
        if (ReferenceEquals(left, right))
        {
            return left is not double.NaN;
        }

        context.Enter(0);
        var equal = (left, right) switch
        {
            (TemplateText a, TemplateText b) => a.Equals(b),
            (Undefined, Undefined) => true,
            (Sequence a, Sequence b) => SameItems(context, a, b),
            (Mapping a, Mapping b) => SameEntries(context, a, b),
            _ => Numbers.IsNumber(left) && Numbers.IsNumber(right) && CompareNumbers(left!, right!) == 0,
        };
        context.Leave();
        return equal;
    }

    /// <summary>Negative, zero or positive; null where a NaN has no order.</summary>
    /// <exception cref="TemplateException">The values have no order.</exception>
    public static int? Order(RenderContext context, object? left, object? right)
    {
        context.Enter(0);
        int? order = (left, right) switch
        {
            (TemplateText a, TemplateText b) => a.CompareTo(b),
            (Sequence a, Sequence b) when a.Kind == b.Kind && a.IsIndexed => OrderItems(context, a, b),
            _ when Numbers.IsNumber(left) && Numbers.IsNumber(right) => CompareNumbers(left!, right!),
            _ => throw context.Fail("comparison", $"{Members.TypeName(left)} and {Members.TypeName(right)} have no order"),
        };
        context.Leave();
        return order;
    }

    /// <summary><c>item in container</c>.</summary>
    public static bool Contains(RenderContext context, object? container, object? item)
    {
        switch (container)
        {
            case TemplateText text:
                context.Charge(text.Length);
                return item is TemplateText part
                    ? text.IndexOf(part) >= 0
                    : throw context.Fail("in", $"a text cannot contain {Members.TypeName(item)}");
            case Mapping mapping:
                return mapping.TryGet(item, out _);
            case Sequence sequence:
                foreach (var element in sequence.Items)
                {
                    if (AreEqual(context, element, item))
                    {
                        return true;
                    }
                }

                return false;
            case Undefined:
                return false;
            default:
                throw context.Fail("in", $"{Members.TypeName(container)} contains nothing");
        }
    }

    private static int? CompareNumbers(object left, object right)
    {
        if (left is double || right is double)
        {
            var (a, b) = (Numbers.ToDouble(left), Numbers.ToDouble(right));
            return double.IsNaN(a) || double.IsNaN(b) ? null : a.CompareTo(b);
        }

        return Numbers.ToInteger(left).CompareTo(Numbers.ToInteger(right));
    }

    private static bool SameItems(RenderContext context, Sequence left, Sequence right)
    {
        if (left.Kind != right.Kind || left.Count != right.Count)
        {
            return false;
        }

        for (var i = 0; i < left.Count; i++)
        {
            if (!AreEqual(context, left.Items[i], right.Items[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool SameEntries(RenderContext context, Mapping left, Mapping right)
    {
        if (left.Count != right.Count)
        {
            return false;
        }

        foreach (var (key, value) in left.Entries)
        {
            if (!right.TryGet(key, out var other) || !AreEqual(context, value, other))
            {
                return false;
            }
        }

        return true;
    }

    private static int? OrderItems(RenderContext context, Sequence left, Sequence right)
    {
        for (var i = 0; i < Math.Min(left.Count, right.Count); i++)
        {
            if (!AreEqual(context, left.Items[i], right.Items[i]))
            {
                return Order(context, left.Items[i], right.Items[i]);
            }
        }

        return left.Count.CompareTo(right.Count);
    }
}
