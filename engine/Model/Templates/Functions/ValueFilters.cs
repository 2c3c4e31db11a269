using System.Globalization;
using System.Numerics;
using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Functions;

/// <summary>Filters on single values: defaults, numbers, JSON.</summary>
internal static class ValueFilters
{
    public static readonly Dictionary<string, TemplateFunction> Table = new(StringComparer.Ordinal)
    {
        ["default"] = Default,
        ["d"] = Default,
        ["attr"] = (context, self, arguments) =>
            MemberAccess.Attribute(context, self, arguments.Bind(context, "filter 'attr'", 1, "name").Text(0).ToString()),
        ["abs"] = Absolute,
        ["int"] = Integer,
        ["float"] = Float,
        ["round"] = Round,
        ["tojson"] = ToJson,
    };

    private static object? Default(RenderContext context, object? self, Arguments arguments)
    {
        var bound = arguments.Bind(context, "filter 'default'", 0, "default_value", "boolean");
        return self is Undefined || (bound.Boolean(1, false) && !Comparison.IsTrue(self)) ? bound.Value(0, TemplateText.Empty) : self;
    }

    private static object? Absolute(RenderContext context, object? self, Arguments arguments) => self switch
    {
        _ when !Numbers.IsNumber(self) => throw context.Fail("filter 'abs'", $"{Members.TypeName(self)} is no number"),
        double real => Math.Abs(real),
        bool boolean => boolean ? 1L : 0L,
        _ => Numbers.ToInteger(self!).Sign < 0 ? Operators.Negate(context, self) : self,
    };

    private static object? Integer(RenderContext context, object? self, Arguments arguments)
    {
        var bound = arguments.Bind(context, "filter 'int'", 0, "default", "base");
        return self switch
        {
            TemplateText text => Parse(text, bound.Integer(1, 10)) ?? Truncate(Real(text)) ?? bound.Value(0, 0L),
            bool boolean => boolean ? 1L : 0L,
            double real => Truncate(real) ?? bound.Value(0, 0L),
            _ when Numbers.IsNumber(self) => self,
            Undefined missing => throw context.Fail("filter 'int'", $"{missing.What} is undefined"),
            _ => bound.Value(0, 0L),
        };
    }

    private static object? Float(RenderContext context, object? self, Arguments arguments)
    {
        var bound = arguments.Bind(context, "filter 'float'", 0, "default");
        return self switch
        {
            TemplateText text => Real(text) is { } real ? real : bound.Value(0, 0.0),
            _ when Numbers.IsNumber(self) => Numbers.ToDouble(self!),
            Undefined missing => throw context.Fail("filter 'float'", $"{missing.What} is undefined"),
            _ => bound.Value(0, 0.0),
        };
    }

    private static object? Round(RenderContext context, object? self, Arguments arguments)
    {
        var bound = arguments.Bind(context, "filter 'round'", 0, "precision", "method");
        var places = bound.Integer(0, 0);
        if (!Numbers.IsNumber(self) || Math.Abs(places) > 15)
        {
            throw context.Fail("filter 'round'", $"rounds numbers to at most 15 places, not {Members.TypeName(self)} to {places}");
        }

        var value = Numbers.ToDouble(self!);
        var scale = Math.Pow(10, places);
        switch (bound.TextOrNull(1)?.ToString() ?? "common")
        {
            case "ceil":
                return Math.Ceiling(value * scale) / scale;
            case "floor":
                return Math.Floor(value * scale) / scale;
            case "common" when self is long or bool && places >= 0:
                return (long)Numbers.ToInteger(self);
            case "common":
                return ToNearest(value, (int)places, scale);
            default:
                throw context.Fail("filter 'round'", "the method is 'common', 'ceil' or 'floor'");
        }
    }

    private static double ToNearest(double value, int places, double scale)
    {
        if (places <= 0 || Math.Abs(value) > 1e15)
        {
            return Math.Round(value * scale, MidpointRounding.ToEven) / scale;
        }

        // An exact tie goes to the even digit; all else is decided by the exact decimal expansion, as in Python.
        var doubled = value * 2 * scale;
        return Math.FusedMultiplyAdd(value, 2 * scale, -doubled) == 0 && Math.Abs(doubled % 2) == 1
            ? Math.Round(doubled / 2, MidpointRounding.ToEven) / scale
            : double.Parse(value.ToString("F" + places, CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
    }

    private static object? ToJson(RenderContext context, object? self, Arguments arguments)
    {
        var bound = arguments.Bind(context, "filter 'tojson'", 0, "ensure_ascii", "indent", "separators", "sort_keys");
        var builder = new TextBuilder(context);
        var indent = bound.Value(1) switch
        {
            null => null,
            TemplateText text => text,
            _ => builder.Repeat(TemplateText.Of(" ", TextOrigin.Rendering), bound.Integer(1, 0)).ToText(),
        };
        var separators = bound.Value(2) is null
            ? [TemplateText.Of(indent is null ? ", " : ",", TextOrigin.Rendering), TemplateText.Of(": ", TextOrigin.Rendering)]
            : Members.Iterate(context, bound.Value(2));
        return separators is [TemplateText item, TemplateText key]
            ? new JsonText(context, bound.Boolean(0, false), indent, item, key, bound.Boolean(3, false)).Write(self)
            : throw context.Fail("filter 'tojson'", "separators are two texts");
    }

    private static object? Parse(TemplateText text, long radix)
    {
        var digits = text.ToString().Trim().Replace("_", "");
        var negative = digits.StartsWith('-');
        digits = digits.TrimStart('-', '+');
        var prefix = digits.Length > 2 && digits[0] == '0' ? digits[1] | 0x20 : 0;
        if (prefix == radix switch { 16 => 'x', 8 => 'o', 2 => 'b', _ => -1 })
        {
            digits = digits[2..];
        }

        var value = (Int128)0;
        foreach (var digit in digits)
        {
            var part = char.IsAsciiDigit(digit) ? digit - '0' : char.IsAsciiLetter(digit) ? (digit | 0x20) - 'a' + 10 : 99;
            value = (value * radix) + part;
            if (part >= radix || value > long.MaxValue)
            {
                return null;
            }
        }

        return digits.Length == 0 || radix is < 2 or > 36 ? null : (long)(negative ? -value : value);
    }

    private static double? Real(TemplateText text) =>
        double.TryParse(text.ToString().Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var real) ? real : null;

    private static object? Truncate(double? real) => real switch
    {
        null => null,
        { } value when Math.Abs(value) < 9.2e18 => (long)value,
        { } value => double.IsFinite(value) ? new BigInteger(value) : null,
    };
}
