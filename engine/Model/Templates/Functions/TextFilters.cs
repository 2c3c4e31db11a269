using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Functions;

/// <summary>Filters on texts; other values are taken as their text.</summary>
internal static class TextFilters
{
    public static readonly Dictionary<string, TemplateFunction> Table = new(StringComparer.Ordinal)
    {
        ["string"] = (context, self, _) => PythonText.Of(context, self),
        ["safe"] = (context, self, _) => PythonText.Of(context, self),
        ["upper"] = (context, self, _) => TextCase.Upper(context, PythonText.Of(context, self)),
        ["lower"] = (context, self, _) => TextCase.Lower(context, PythonText.Of(context, self)),
        ["capitalize"] = (context, self, _) => TextCase.Capitalize(context, PythonText.Of(context, self)),
        ["title"] = (context, self, _) => TextCase.TitleWords(context, PythonText.Of(context, self)),
        ["trim"] = Trim,
        ["replace"] = Replace,
        ["escape"] = Escape,
        ["e"] = Escape,
        ["forceescape"] = Escape,
        ["indent"] = Indent,
        ["center"] = Center,
        ["truncate"] = Truncate,
        ["wordcount"] = WordCount,
        ["format"] = (context, self, arguments) =>
            PercentFormat.Apply(context, PythonText.Of(context, self), Sequence.Tuple(arguments.Positional)),
    };

    private static object? Trim(RenderContext context, object? self, Arguments arguments)
    {
        var characters = arguments.Bind(context, "filter 'trim'", 0, "chars").TextOrNull(0);
        return TextMethods.Strip(context, PythonText.Of(context, self), characters, left: true, right: true);
    }

    private static object? Replace(RenderContext context, object? self, Arguments arguments)
    {
        var bound = arguments.Bind(context, "filter 'replace'", 2, "old", "new", "count");
        var limit = bound.Value(2) is null ? -1 : bound.Integer(2, -1);
        return TextMethods.Replace(
            context, PythonText.Of(context, self), PythonText.Of(context, bound.Value(0)), PythonText.Of(context, bound.Value(1)), limit);
    }

    private static object? Escape(RenderContext context, object? self, Arguments arguments)
    {
        var builder = new TextBuilder(context);
        foreach (var code in PythonText.Of(context, self).Codes)
        {
            var escape = (code & TextOrigin.CodePoint) switch
            {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '\'' => "&#39;",
                '"' => "&#34;",
                _ => null,
            };
            _ = escape is null ? builder.Append(code) : builder.Append(escape, code & ~TextOrigin.CodePoint);
        }

        return builder.ToText();
    }

    private static object? Indent(RenderContext context, object? self, Arguments arguments)
    {
        var bound = arguments.Bind(context, "filter 'indent'", 0, "width", "first", "blank");
        var builder = new TextBuilder(context);
        var margin = bound.Value(0, 4L) as TemplateText
            ?? builder.Repeat(TemplateText.Of(" ", TextOrigin.Rendering), bound.Integer(0, 4)).ToText();
        builder = new TextBuilder(context);
        var text = PythonText.Of(context, self);
        var blank = bound.Boolean(2, false);
        var start = 0;
        for (var line = 0; start <= text.Length; line++)
        {
            context.Step();
            var end = start;
            while (end < text.Length && text[end] != '\n')
            {
                end++;
            }

            if (line == 0 ? bound.Boolean(1, false) : blank || end > start)
            {
                builder.Append(margin);
            }

            builder.Append(text.Codes[start..Math.Min(end + 1, text.Length)]);
            start = end + 1;
        }

        return builder.ToText();
    }

    private static object? Center(RenderContext context, object? self, Arguments arguments)
    {
        var width = arguments.Bind(context, "filter 'center'", 0, "width").Integer(0, 80);
        return TextMethods.Table["center"](context, PythonText.Of(context, self), new Arguments([width], []));
    }

    private static object? Truncate(RenderContext context, object? self, Arguments arguments)
    {
        var bound = arguments.Bind(context, "filter 'truncate'", 0, "length", "killwords", "end", "leeway");
        var text = PythonText.Of(context, self);
        var (length, end) = (bound.Integer(0, 255), bound.TextOrNull(2) ?? TemplateText.Of("...", TextOrigin.Rendering));
        if (text.Length <= length + bound.Integer(3, 5))
        {
            return text;
        }

        if (length < end.Length)
        {
            throw context.Fail("filter 'truncate'", "the length is below that of its end");
        }

        var kept = text.Slice(0, (int)length - end.Length);
        if (!bound.Boolean(1, false) && kept.LastIndexOf(TemplateText.Of(" "), kept.Length) is >= 0 and var space)
        {
            kept = kept.Slice(0, space);
        }

        return new TextBuilder(context).Append(kept).Append(end).ToText();
    }

    private static object? WordCount(RenderContext context, object? self, Arguments arguments)
    {
        var (count, inside) = (0L, false);
        var text = PythonText.Of(context, self);
        context.Charge(text.Length);
        foreach (var code in text.Codes)
        {
            var point = code & TextOrigin.CodePoint;
            var word = point == '_' || System.Text.Rune.IsLetterOrDigit(new System.Text.Rune(point));
            count += word && !inside ? 1 : 0;
            inside = word;
        }

        return count;
    }
}
