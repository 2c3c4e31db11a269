using System.Collections.Frozen;
using System.Text;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Runtime;

/// <summary>Letter case by code point, with the common letters that become several (Unicode SpecialCasing.txt). Origins are kept.</summary>
internal static class TextCase
{
    // Upper case and title case.
    private static readonly FrozenDictionary<int, (string Upper, string Title)> Several = new Dictionary<int, (string, string)>
    {
        [0xDF] = ("SS", "Ss"),
        [0x149] = ("\u02BCN", "\u02BCN"),
        [0x1F0] = ("J\u030C", "J\u030C"),
        [0x587] = ("\u0535\u0552", "\u0535\u0582"),
        [0x1E96] = ("H\u0331", "H\u0331"),
        [0x1E97] = ("T\u0308", "T\u0308"),
        [0x1E98] = ("W\u030A", "W\u030A"),
        [0x1E99] = ("Y\u030A", "Y\u030A"),
        [0x1E9A] = ("A\u02BE", "A\u02BE"),
        [0xFB00] = ("FF", "Ff"),
        [0xFB01] = ("FI", "Fi"),
        [0xFB02] = ("FL", "Fl"),
        [0xFB03] = ("FFI", "Ffi"),
        [0xFB04] = ("FFL", "Ffl"),
        [0xFB05] = ("ST", "St"),
        [0xFB06] = ("ST", "St"),
    }.ToFrozenDictionary();

    public static TemplateText Upper(RenderContext context, TemplateText text)
    {
        var builder = new TextBuilder(context);
        foreach (var code in text.Codes)
        {
            AppendUpper(builder, code);
        }

        return builder.ToText();
    }

    public static TemplateText Lower(RenderContext context, TemplateText text)
    {
        var builder = new TextBuilder(context);
        for (var i = 0; i < text.Length; i++)
        {
            AppendLower(builder, text, i);
        }

        return builder.ToText();
    }

    /// <summary>The first letter large, the others small.</summary>
    public static TemplateText Capitalize(RenderContext context, TemplateText text) =>
        Words(context, text, (_, index) => index == 0, AppendTitle);

    /// <summary>Python's <c>str.title()</c>: a letter is large where none stands before it.</summary>
    public static TemplateText Title(RenderContext context, TemplateText text) =>
        Words(context, text, (whole, index) => index == 0 || !IsCased(whole[index - 1]), AppendTitle);

    /// <summary>Jinja's filter <c>title</c>: words begin after white space, hyphens and opening brackets only.</summary>
    public static TemplateText TitleWords(RenderContext context, TemplateText text) =>
        Words(context, text, (whole, index) => index == 0 || IsWordBreak(whole[index - 1]), AppendUpper);

    public static TemplateText Swap(RenderContext context, TemplateText text)
    {
        var builder = new TextBuilder(context);
        for (var i = 0; i < text.Length; i++)
        {
            if (Rune.IsUpper(new Rune(text[i])))
            {
                AppendLower(builder, text, i);
            }
            else
            {
                AppendUpper(builder, text.Codes[i]);
            }
        }

        return builder.ToText();
    }

    /// <summary>Whether there are letters with case and all of them are large, or small.</summary>
    public static bool IsAll(TemplateText text, bool upper)
    {
        var any = false;
        foreach (var code in text.Codes)
        {
            var rune = new Rune(code & TextOrigin.CodePoint);
            if (upper ? Rune.IsLower(rune) : Rune.IsUpper(rune))
            {
                return false;
            }

            any |= upper ? Rune.IsUpper(rune) : Rune.IsLower(rune);
        }

        return any;
    }

    /// <summary>White space as Python's <c>str.isspace()</c> has it.</summary>
    public static bool IsSpace(int point) => point is >= 0x1c and <= 0x1f || (point < 0x10000 && char.IsWhiteSpace((char)point));

    private static TemplateText Words(
        RenderContext context, TemplateText text, Func<TemplateText, int, bool> isFirst, Action<TextBuilder, int> appendFirst)
    {
        var builder = new TextBuilder(context);
        for (var i = 0; i < text.Length; i++)
        {
            if (isFirst(text, i))
            {
                appendFirst(builder, text.Codes[i]);
            }
            else
            {
                AppendLower(builder, text, i);
            }
        }

        return builder.ToText();
    }

    private static void AppendUpper(TextBuilder builder, int code)
    {
        var origin = code & ~TextOrigin.CodePoint;
        var point = code & TextOrigin.CodePoint;
        if (Several.TryGetValue(point, out var several))
        {
            builder.Append(several.Upper, origin);
        }
        else
        {
            builder.Append(Rune.ToUpperInvariant(new Rune(point)).Value | origin);
        }
    }

    private static void AppendTitle(TextBuilder builder, int code)
    {
        var origin = code & ~TextOrigin.CodePoint;
        var point = code & TextOrigin.CodePoint;
        if (Several.TryGetValue(point, out var several))
        {
            builder.Append(several.Title, origin);
            return;
        }

        // The Latin digraphs have a title case of their own.
        var title = point switch
        {
            >= 0x1C4 and <= 0x1C6 => 0x1C5,
            >= 0x1C7 and <= 0x1C9 => 0x1C8,
            >= 0x1CA and <= 0x1CC => 0x1CB,
            >= 0x1F1 and <= 0x1F3 => 0x1F2,
            _ => Rune.ToUpperInvariant(new Rune(point)).Value,
        };
        builder.Append(title | origin);
    }

    private static void AppendLower(TextBuilder builder, TemplateText text, int index)
    {
        const int CapitalSigma = 0x3A3;
        var origin = text.Codes[index] & ~TextOrigin.CodePoint;
        var point = text[index];
        if (point == 0x130)
        {
            builder.Append("i\u0307", origin);
        }
        else if (point == CapitalSigma && index > 0 && IsCased(text[index - 1]) && (index + 1 == text.Length || !IsCased(text[index + 1])))
        {
            builder.Append(0x3C2 | origin);
        }
        else
        {
            builder.Append(Rune.ToLowerInvariant(new Rune(point)).Value | origin);
        }
    }

    private static bool IsCased(int point) => Rune.IsUpper(new Rune(point)) || Rune.IsLower(new Rune(point));

    private static bool IsWordBreak(int point) => point is '-' or '(' or '{' or '[' or '<' || IsSpace(point);
}
