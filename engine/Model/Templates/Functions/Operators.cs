using System.Numerics;
using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Functions;

/// <summary>Arithmetic on numbers, texts and lists, as Python has it. Integers that leave 64 bits are an error.</summary>
internal static class Operators
{
    /// <summary>Applies a binary operator by its symbol.</summary>
    public static object? Apply(RenderContext context, string symbol, object? left, object? right) => (symbol, left, right) switch
    {
        ("+", TemplateText a, TemplateText b) => new TextBuilder(context).Append(a).Append(b).ToText(),
        ("+", Sequence a, Sequence b) when a.Kind == b.Kind && a.IsIndexed => Join(context, a, b),
        ("*", TemplateText text, long or bool) => new TextBuilder(context).Repeat(text, (long)Numbers.ToInteger(right)).ToText(),
        ("*", long or bool, TemplateText text) => new TextBuilder(context).Repeat(text, (long)Numbers.ToInteger(left)).ToText(),
        ("*", Sequence list, long or bool) when list.IsIndexed => Repeat(context, list, (long)Numbers.ToInteger(right)),
        ("*", long or bool, Sequence list) when list.IsIndexed => Repeat(context, list, (long)Numbers.ToInteger(left)),
        ("%", TemplateText format, _) => PercentFormat.Apply(context, format, right),
        _ when Numbers.IsNumber(left) && Numbers.IsNumber(right) => Arithmetic(context, symbol, left!, right!),
        _ => throw Unsupported(context, symbol, left, right),
    };

    /// <summary><c>-value</c>.</summary>
    public static object Negate(RenderContext context, object? value) => value switch
    {
        double real => -real,
        _ when Numbers.IsNumber(value) => Narrow(context, "-", -Numbers.ToInteger(value!)),
        _ => throw context.Fail("operator -", $"cannot negate {Members.TypeName(value)}"),
    };

    private static object Arithmetic(RenderContext context, string symbol, object left, object right)
    {
        var whole = left is not double && right is not double;
        return symbol switch
        {
            "/" => Divide(context, Numbers.ToDouble(left), Numbers.ToDouble(right)),
            "**" => Power(context, left, right, whole),
            _ when whole => Narrow(context, symbol, Whole(context, symbol, Numbers.ToInteger(left), Numbers.ToInteger(right))),
            _ => Real(context, symbol, Numbers.ToDouble(left), Numbers.ToDouble(right)),
        };
    }

    private static BigInteger Whole(RenderContext context, string symbol, BigInteger left, BigInteger right)
    {
        switch (symbol)
        {
            case "+":
                return left + right;
            case "-":
                return left - right;
            case "*":
                return left * right;
        }

        if (right.IsZero)
        {
            throw context.Fail($"operator {symbol}", "division by zero");
        }

        var quotient = BigInteger.DivRem(left, right, out var remainder);
        var below = !remainder.IsZero && remainder.Sign != right.Sign;
        return symbol == "//" ? (below ? quotient - 1 : quotient) : below ? remainder + right : remainder;
    }

    private static double Real(RenderContext context, string symbol, double left, double right)
    {
        switch (symbol)
        {
            case "+":
                return left + right;
            case "-":
                return left - right;
            case "*":
                return left * right;
        }

        if (right == 0)
        {
            throw context.Fail($"operator {symbol}", "division by zero");
        }

        var remainder = left % right;
        if (remainder != 0 && (remainder < 0) != (right < 0))
        {
            remainder += right;
        }

        return symbol == "//" ? Math.Round((left - remainder) / right) : remainder;
    }

    private static double Divide(RenderContext context, double left, double right) =>
        right == 0 ? throw context.Fail("operator /", "division by zero") : left / right;

    private static object Power(RenderContext context, object left, object right, bool whole)
    {
        if (!whole || Numbers.ToInteger(right).Sign < 0)
        {
            var power = Math.Pow(Numbers.ToDouble(left), Numbers.ToDouble(right));
            return double.IsNaN(power) ? throw context.Fail("operator **", "the result is no real number") : power;
        }

        // Beyond these the result leaves 64 bits anyway, and computing it would not end.
        if (Numbers.ToInteger(right) > 64 && BigInteger.Abs(Numbers.ToInteger(left)) > 1)
        {
            throw context.Fail("operator **", "the result is not a 64-bit integer");
        }

        return Narrow(context, "**", BigInteger.Pow(Numbers.ToInteger(left), (int)BigInteger.Min(Numbers.ToInteger(right), 64 + (Numbers.ToInteger(right) & 1))));
    }

    private static object Narrow(RenderContext context, string symbol, BigInteger value) =>
        value >= long.MinValue && value <= long.MaxValue
            ? (long)value
            : throw context.Fail($"operator {symbol}", "the result is not a 64-bit integer");

    private static Sequence Join(RenderContext context, Sequence left, Sequence right)
    {
        CheckList(context, (long)left.Count + right.Count);
        return new Sequence([.. left.Items, .. right.Items], left.Kind);
    }

    private static Sequence Repeat(RenderContext context, Sequence list, long count)
    {
        if (list.Count == 0 || count <= 0)
        {
            return new Sequence([], list.Kind);
        }

        CheckList(context, count > TemplateLimits.ListLength ? count : count * list.Count);
        var items = new object?[list.Count * count];
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = list.Items[i % list.Count];
        }

        return new Sequence(items, list.Kind);
    }

    private static void CheckList(RenderContext context, long length)
    {
        if (length > TemplateLimits.ListLength)
        {
            throw context.Fail("list", $"longer than {TemplateLimits.ListLength:N0} elements");
        }

        context.Step(length);
    }

    private static TemplateException Unsupported(RenderContext context, string symbol, object? left, object? right) =>
        (left as Undefined ?? right as Undefined) is { } missing
            ? context.Fail($"operator {symbol}", $"{missing.What} is undefined")
            : context.Fail($"operator {symbol}", $"not for {Members.TypeName(left)} and {Members.TypeName(right)}");
}
