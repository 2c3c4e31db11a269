using System.Globalization;
using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Functions;

/// <summary>Python's <c>'…' % values</c> with the conversions s, r, d, i, x, X, f and %.</summary>
internal static class PercentFormat
{
    /// <exception cref="TemplateException">A conversion that is not known, or values that do not fit.</exception>
    public static TemplateText Apply(RenderContext context, TemplateText format, object? values)
    {
        object?[] given = values is Sequence { Kind: SequenceKind.Tuple } tuple ? tuple.Items : [values];
        var builder = new TextBuilder(context);
        var used = 0;
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                builder.Append(format.Codes[i]);
                continue;
            }

            i++;
            var value = values;
            if (Is(format, i, '('))
            {
                var close = format.IndexOf(TemplateText.Of(")"), i);
                close = close < 0 ? throw context.Fail("operator %", "a name is not closed") : close;
                value = values is Mapping mapping && mapping.TryGet(format.Slice(i + 1, close - i - 1), out var entry)
                    ? entry
                    : throw context.Fail("operator %", $"no value for '{format.Slice(i + 1, close - i - 1)}'");
                used = given.Length;
                i = close + 1;
            }
            else if (!Is(format, i, '%'))
            {
                value = used < given.Length ? given[used++] : throw context.Fail("operator %", "not enough values");
            }

            Convert(context, builder, format, ref i, value);
        }

        return used == given.Length || values is Mapping
            ? builder.ToText()
            : throw context.Fail("operator %", "more values than conversions");
    }

    private static void Convert(RenderContext context, TextBuilder builder, TemplateText format, ref int i, object? value)
    {
        var (left, zeros, plus) = (false, false, false);
        for (; i < format.Length && format[i] is '-' or '0' or '+' or ' '; i++)
        {
            left |= format[i] == '-';
            zeros |= format[i] == '0';
            plus |= format[i] == '+';
        }

        var width = Number(context, format, ref i);
        var precision = -1;
        if (Is(format, i, '.'))
        {
            i++;
            precision = Number(context, format, ref i);
        }

        if (i >= format.Length)
        {
            throw context.Fail("operator %", "the format ends within a conversion");
        }

        var conversion = (char)format[i];
        var text = conversion switch
        {
            '%' => TemplateText.Of("%"),
            's' => Cut(PythonText.Of(context, value), precision),
            'r' => Cut(Literal(context, value), precision),
            'd' or 'i' or 'u' => Digits(WholeNumber(context, value), plus),
            'x' or 'X' => TemplateText.Of(
                WholeNumber(context, value).ToString(conversion.ToString(), CultureInfo.InvariantCulture), TextOrigin.Rendering),
            'f' or 'F' => Fixed(context, value, precision < 0 ? 6 : precision, plus),
            _ => throw context.Fail("operator %", $"unknown conversion '{conversion}'"),
        };
        var fill = TemplateText.Of(zeros && !left && conversion is not ('s' or 'r') ? "0" : " ", TextOrigin.Rendering);
        var sign = fill[0] == '0' && text.Length > 0 && text[0] is '-' or '+' ? 1 : 0;
        builder.Append(text.Codes[..sign]).Repeat(fill, left ? 0 : width - text.Length).Append(text.Codes[sign..])
            .Repeat(fill, left ? width - text.Length : 0);
    }

    private static bool Is(TemplateText format, int index, char character) => index < format.Length && format[index] == character;

    private static int Number(RenderContext context, TemplateText format, ref int i)
    {
        var number = 0;
        for (; i < format.Length && format[i] is >= '0' and <= '9'; i++)
        {
            number = (number * 10) + format[i] - '0';
            if (number > 1_000)
            {
                throw context.Fail("operator %", "a width above 1,000");
            }
        }

        return number;
    }

    private static TemplateText Cut(TemplateText text, int precision) =>
        precision >= 0 && precision < text.Length ? text.Slice(0, precision) : text;

    private static TemplateText Literal(RenderContext context, object? value)
    {
        var builder = new TextBuilder(context);
        PythonText.AppendLiteral(context, builder, value);
        return builder.ToText();
    }

    private static long WholeNumber(RenderContext context, object? value) => value switch
    {
        long integer => integer,
        bool boolean => boolean ? 1 : 0,
        double real when Math.Abs(real) < long.MaxValue => (long)real,
        _ => throw context.Fail("operator %", $"a number is wanted, not {Members.TypeName(value)}"),
    };

    private static TemplateText Digits(long value, bool plus) =>
        TemplateText.Of((plus && value >= 0 ? "+" : "") + value.ToString(CultureInfo.InvariantCulture), TextOrigin.Rendering);

    private static TemplateText Fixed(RenderContext context, object? value, int precision, bool plus)
    {
        var number = Numbers.IsNumber(value)
            ? Numbers.ToDouble(value!)
            : throw context.Fail("operator %", $"a number is wanted, not {Members.TypeName(value)}");
        var text = double.IsFinite(number) ? number.ToString("F" + precision, CultureInfo.InvariantCulture) : PythonText.Float(number);
        return TemplateText.Of((plus && number >= 0 ? "+" : "") + text, TextOrigin.Rendering);
    }
}
