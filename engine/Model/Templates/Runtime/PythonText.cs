using System.Globalization;
using System.Numerics;
using System.Text;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Runtime;

/// <summary>Values as text: Python's <c>str()</c> and <c>repr()</c>.</summary>
internal static class PythonText
{
    /// <summary><c>str(value)</c>; undefined is empty.</summary>
    public static TemplateText Of(RenderContext context, object? value)
    {
        if (value is TemplateText text)
        {
            return text;
        }

        var builder = new TextBuilder(context);
        Append(context, builder, value);
        return builder.ToText();
    }

    /// <summary>Appends <c>str(value)</c>.</summary>
    public static void Append(RenderContext context, TextBuilder builder, object? value)
    {
        switch (value)
        {
            case TemplateText text:
                builder.Append(text);
                break;
            case Undefined:
                break;
            default:
                AppendLiteral(context, builder, value);
                break;
        }
    }

    /// <summary>Appends <c>repr(value)</c>.</summary>
    public static void AppendLiteral(RenderContext context, TextBuilder builder, object? value)
    {
        context.Enter(0);
        switch (value)
        {
            case TemplateText text:
                AppendQuoted(builder, text);
                break;
            case Undefined:
                builder.Append("Undefined");
                break;
            case Sequence sequence:
                AppendSequence(context, builder, sequence);
                break;
            case Mapping mapping:
                AppendMapping(context, builder, mapping);
                break;
            default:
                builder.Append(Scalar(context, value));
                break;
        }

        context.Leave();
    }

    /// <summary>Python's shortest text of a float: an exponent below 1e-4 and from 1e16 on.</summary>
    public static string Float(double value)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        }

        // One digit, a point, the other digits, and an exponent of three digits: the shortest that reads back.
        var shortest = value.ToString("E16", CultureInfo.InvariantCulture);
        for (var digits = 0; digits < 17; digits++)
        {
            var attempt = value.ToString($"E{digits}", CultureInfo.InvariantCulture);
            if (double.Parse(attempt, CultureInfo.InvariantCulture) == value)
            {
                shortest = attempt;
                break;
            }
        }

        var mark = shortest.IndexOf('E');
        var sign = shortest[0] == '-' ? "-" : "";
        var mantissa = shortest[sign.Length..mark].Replace(".", "");
        var exponent = int.Parse(shortest.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        return exponent switch
        {
            < -4 or >= 16 =>
                $"{sign}{mantissa[0]}{(mantissa.Length > 1 ? "." + mantissa[1..] : "")}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}",
            < 0 => $"{sign}0.{new string('0', -exponent - 1)}{mantissa}",
            _ when mantissa.Length <= exponent + 1 => $"{sign}{mantissa.PadRight(exponent + 1, '0')}.0",
            _ => $"{sign}{mantissa[..(exponent + 1)]}.{mantissa[(exponent + 1)..]}",
        };
    }

    private static string Scalar(RenderContext context, object? value) => value switch
    {
        null => "None",
        bool boolean => boolean ? "True" : "False",
        long integer => integer.ToString(CultureInfo.InvariantCulture),
        BigInteger integer => integer.ToString(CultureInfo.InvariantCulture),
        double real => Float(real),
        _ => throw context.Fail("output", $"{Members.TypeName(value)} has no text"),
    };

    private static void AppendSequence(RenderContext context, TextBuilder builder, Sequence sequence)
    {
        var (open, close) = sequence.Kind switch
        {
            SequenceKind.List => ("[", "]"),
            SequenceKind.Tuple => ("(", sequence.Count == 1 ? ",)" : ")"),
            SequenceKind.Keys => ("dict_keys([", "])"),
            SequenceKind.Values => ("dict_values([", "])"),
            SequenceKind.Items => ("dict_items([", "])"),
            _ => throw context.Fail("output", "a range or the result of a lazy filter has no text; apply the filter 'list' to it"),
        };
        builder.Append(open);
        for (var i = 0; i < sequence.Count; i++)
        {
            builder.Append(i == 0 ? "" : ", ");
            AppendLiteral(context, builder, sequence.Items[i]);
        }

        builder.Append(close);
    }

    private static void AppendMapping(RenderContext context, TextBuilder builder, Mapping mapping)
    {
        builder.Append("{");
        var first = true;
        foreach (var (key, value) in mapping.Entries)
        {
            builder.Append(first ? "" : ", ");
            AppendLiteral(context, builder, key);
            builder.Append(": ");
            AppendLiteral(context, builder, value);
            first = false;
        }

        builder.Append("}");
    }

    private static void AppendQuoted(TextBuilder builder, TemplateText text)
    {
        var quote = text.IndexOf(TemplateText.Of("'")) >= 0 && text.IndexOf(TemplateText.Of("\"")) < 0 ? '"' : '\'';
        builder.Append(quote | TextOrigin.Rendering);
        foreach (var code in text.Codes)
        {
            var point = code & TextOrigin.CodePoint;
            var escape = point switch
            {
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\\' => "\\\\",
                _ when point == quote => "\\" + quote,
                _ when IsPrintable(point) => null,
                < 0x100 => $"\\x{point:x2}",
                < 0x10000 => $"\\u{point:x4}",
                _ => $"\\U{point:x8}",
            };
            if (escape is null)
            {
                builder.Append(code);
            }
            else
            {
                builder.Append(escape, code & ~TextOrigin.CodePoint);
            }
        }

        builder.Append(quote | TextOrigin.Rendering);
    }

    private static bool IsPrintable(int point) => point == ' ' || Rune.GetUnicodeCategory(new Rune(point)) is not
        (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.SpaceSeparator);
}
