using System.Collections.Frozen;
using System.Text;
using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Functions;

/// <summary>The methods of Python's <c>str</c>; those that cut a text are in <see cref="TextSplitting"/>.</summary>
internal static class TextMethods
{
    public static readonly FrozenDictionary<string, TemplateFunction> Table = new Dictionary<string, TemplateFunction>
    {
        ["upper"] = (context, self, _) => TextCase.Upper(context, (TemplateText)self!),
        ["lower"] = (context, self, _) => TextCase.Lower(context, (TemplateText)self!),
        ["casefold"] = (context, self, _) => TextCase.Lower(context, (TemplateText)self!),
        ["title"] = (context, self, _) => TextCase.Title(context, (TemplateText)self!),
        ["capitalize"] = (context, self, _) => TextCase.Capitalize(context, (TemplateText)self!),
        ["swapcase"] = (context, self, _) => TextCase.Swap(context, (TemplateText)self!),
        ["strip"] = (context, self, arguments) => Strip(context, (TemplateText)self!, arguments, "strip", true, true),
        ["lstrip"] = (context, self, arguments) => Strip(context, (TemplateText)self!, arguments, "lstrip", true, false),
        ["rstrip"] = (context, self, arguments) => Strip(context, (TemplateText)self!, arguments, "rstrip", false, true),
        ["removeprefix"] = RemovePrefix,
        ["removesuffix"] = RemoveSuffix,
        ["split"] = TextSplitting.Split,
        ["rsplit"] = TextSplitting.SplitRight,
        ["splitlines"] = TextSplitting.SplitLines,
        ["partition"] = TextSplitting.Partition,
        ["rpartition"] = TextSplitting.PartitionRight,
        ["startswith"] = (context, self, arguments) => HasAffix(context, (TemplateText)self!, arguments, "startswith"),
        ["endswith"] = (context, self, arguments) => HasAffix(context, (TemplateText)self!, arguments, "endswith"),
        ["find"] = (context, self, arguments) => Find(context, (TemplateText)self!, arguments, "find"),
        ["rfind"] = (context, self, arguments) => Find(context, (TemplateText)self!, arguments, "rfind"),
        ["index"] = (context, self, arguments) => Found(context, Find(context, (TemplateText)self!, arguments, "index")),
        ["rindex"] = (context, self, arguments) => Found(context, Find(context, (TemplateText)self!, arguments, "rindex")),
        ["count"] = Count,
        ["replace"] = Replace,
        ["join"] = (context, self, arguments) => Join(context, (TemplateText)self!, arguments.Bind(context, "join", 1, "iterable").Value(0)),
        ["format"] = (context, self, arguments) => BraceFormat.Apply(context, (TemplateText)self!, arguments),
        ["center"] = (context, self, arguments) => Pad(context, (TemplateText)self!, arguments, "center"),
        ["ljust"] = (context, self, arguments) => Pad(context, (TemplateText)self!, arguments, "ljust"),
        ["rjust"] = (context, self, arguments) => Pad(context, (TemplateText)self!, arguments, "rjust"),
        ["zfill"] = ZeroFill,
        ["isspace"] = (_, self, _) => All((TemplateText)self!, rune => TextCase.IsSpace(rune.Value)),
        ["isalpha"] = (_, self, _) => All((TemplateText)self!, Rune.IsLetter),
        ["isdigit"] = (_, self, _) => All((TemplateText)self!, Rune.IsDigit),
        ["isdecimal"] = (_, self, _) => All((TemplateText)self!, Rune.IsDigit),
        ["isnumeric"] = (_, self, _) => All((TemplateText)self!, Rune.IsNumber),
        ["isalnum"] = (_, self, _) => All((TemplateText)self!, rune => Rune.IsLetter(rune) || Rune.IsNumber(rune)),
        ["isupper"] = (_, self, _) => TextCase.IsAll((TemplateText)self!, upper: true),
        ["islower"] = (_, self, _) => TextCase.IsAll((TemplateText)self!, upper: false),
        ["isascii"] = (_, self, _) => ((TemplateText)self!).Length == 0 || All((TemplateText)self!, rune => rune.IsAscii),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Takes white space, or any of <paramref name="characters"/>, from the ends.</summary>
    public static TemplateText Strip(RenderContext context, TemplateText text, TemplateText? characters, bool left, bool right)
    {
        context.Charge(text.Length);
        var start = 0;
        var end = text.Length;
        while (left && start < end && Drops(context, characters, text, start))
        {
            start++;
        }

        while (right && end > start && Drops(context, characters, text, end - 1))
        {
            end--;
        }

        return text.Slice(start, end - start);
    }

    /// <summary>Replaces the first <paramref name="limit"/> occurrences; all of them when it is negative.</summary>
    public static TemplateText Replace(RenderContext context, TemplateText text, TemplateText old, TemplateText replacement, long limit)
    {
        var builder = new TextBuilder(context);
        var copied = 0;
        for (var at = 0; limit != 0; limit--)
        {
            var found = text.IndexOf(old, at);
            context.Step();
            if (found < 0 || (old.Length == 0 && found > text.Length))
            {
                break;
            }

            builder.Append(text.Codes[copied..found]).Append(replacement);
            copied = found + old.Length;
            at = old.Length == 0 ? found + 1 : copied;
        }

        return builder.Append(text.Codes[copied..]).ToText();
    }

    /// <summary>The texts of <paramref name="items"/> with <paramref name="separator"/> between them.</summary>
    public static TemplateText Join(RenderContext context, TemplateText separator, object? items)
    {
        var builder = new TextBuilder(context);
        var first = true;
        foreach (var item in Members.Iterate(context, items))
        {
            if (!first)
            {
                builder.Append(separator);
            }

            builder.Append(item as TemplateText ?? throw context.Fail("join()", $"needs texts, not {Members.TypeName(item)}"));
            first = false;
        }

        return builder.ToText();
    }

    private static bool Drops(RenderContext context, TemplateText? characters, TemplateText text, int index)
    {
        if (characters is null)
        {
            return TextCase.IsSpace(text[index]);
        }

        context.Charge(characters.Length);
        return characters.IndexOf(text.Slice(index, 1)) >= 0;
    }

    private static TemplateText Strip(RenderContext context, TemplateText text, Arguments arguments, string name, bool left, bool right) =>
        Strip(context, text, arguments.Bind(context, name, 0, "chars").TextOrNull(0), left, right);

    private static TemplateText RemovePrefix(RenderContext context, object? self, Arguments arguments)
    {
        var (text, prefix) = ((TemplateText)self!, arguments.Bind(context, "removeprefix", 1, "prefix").Text(0));
        return text.StartsWith(prefix) ? text.Slice(prefix.Length) : text;
    }

    private static TemplateText RemoveSuffix(RenderContext context, object? self, Arguments arguments)
    {
        var (text, suffix) = ((TemplateText)self!, arguments.Bind(context, "removesuffix", 1, "suffix").Text(0));
        return text.EndsWith(suffix) ? text.Slice(0, text.Length - suffix.Length) : text;
    }

    private static object? HasAffix(RenderContext context, TemplateText text, Arguments arguments, string name)
    {
        var bound = arguments.Bind(context, name, 1, "affix", "start", "end");
        var (start, end) = Range(bound, 1, text.Length);
        if (start > text.Length)
        {
            return false;
        }

        text = text.Slice(start, Math.Max(0, end - start));
        object?[] affixes = bound.Value(0) is Sequence { Kind: SequenceKind.Tuple } several ? several.Items : [bound.Text(0)];
        foreach (var affix in affixes)
        {
            var part = affix as TemplateText ?? throw context.Fail(name, $"needs text, not {Members.TypeName(affix)}");
            if (name == "startswith" ? text.StartsWith(part) : text.EndsWith(part))
            {
                return true;
            }
        }

        return false;
    }

    private static long Find(RenderContext context, TemplateText text, Arguments arguments, string name)
    {
        var bound = arguments.Bind(context, name, 1, "sub", "start", "end");
        var part = bound.Text(0);
        var (start, end) = Range(bound, 1, text.Length);
        context.Charge(text.Length);
        if (start > end)
        {
            return -1;
        }

        var window = text.Slice(start, end - start);
        var found = name[0] == 'r' ? window.LastIndexOf(part, window.Length) : window.IndexOf(part);
        return found < 0 ? -1 : found + start;
    }

    private static object? Found(RenderContext context, long index) =>
        index >= 0 ? index : throw context.Fail("index()", "the text does not contain that");

    private static object? Count(RenderContext context, object? self, Arguments arguments)
    {
        var text = (TemplateText)self!;
        var bound = arguments.Bind(context, "count", 1, "sub", "start", "end");
        var part = bound.Text(0);
        var (start, end) = Range(bound, 1, text.Length);
        if (start > end)
        {
            return 0L;
        }

        text = text.Slice(start, end - start);
        if (part.Length == 0)
        {
            return text.Length + 1L;
        }

        context.Charge(text.Length);
        var count = 0L;
        for (var at = text.IndexOf(part); at >= 0; at = text.IndexOf(part, at + part.Length))
        {
            context.Step();
            count++;
        }

        return count;
    }

    private static TemplateText Replace(RenderContext context, object? self, Arguments arguments)
    {
        var bound = arguments.Bind(context, "replace", 2, "old", "new", "count");
        return Replace(context, (TemplateText)self!, bound.Text(0), bound.Text(1), bound.Integer(2, -1));
    }

    private static TemplateText Pad(RenderContext context, TemplateText text, Arguments arguments, string name)
    {
        var bound = arguments.Bind(context, name, 1, "width", "fillchar");
        var fill = bound.TextOrNull(1) ?? TemplateText.Of(" ", TextOrigin.Rendering);
        if (fill.Length != 1)
        {
            throw context.Fail(name, "the fill must be one character");
        }

        var missing = Math.Max(0, bound.Integer(0, 0) - text.Length);
        var width = missing + text.Length;
        var left = name switch
        {
            "ljust" => 0,
            "rjust" => missing,
            _ => (missing / 2) + (missing & width & 1),
        };
        return new TextBuilder(context).Repeat(fill, left).Append(text).Repeat(fill, missing - left).ToText();
    }

    private static TemplateText ZeroFill(RenderContext context, object? self, Arguments arguments)
    {
        var text = (TemplateText)self!;
        var missing = arguments.Bind(context, "zfill", 1, "width").Integer(0, 0) - text.Length;
        var sign = text.Length > 0 && text[0] is '+' or '-' ? 1 : 0;
        return new TextBuilder(context).Append(text.Codes[..sign]).Repeat(TemplateText.Of("0", TextOrigin.Rendering), missing)
            .Append(text.Codes[sign..]).ToText();
    }

    private static bool All(TemplateText text, Func<Rune, bool> test)
    {
        foreach (var code in text.Codes)
        {
            if (!test(new Rune(code & TextOrigin.CodePoint)))
            {
                return false;
            }
        }

        return text.Length > 0;
    }

    // Python's start and end: from the end when negative, clamped to the text.
    private static (int Start, int End) Range(BoundArguments bound, int at, int length)
    {
        var start = bound.Value(at) is null ? 0 : bound.Integer(at, 0);
        var end = bound.Value(at + 1) is null ? length : bound.Integer(at + 1, length);
        start = start < 0 ? Math.Max(0, start + length) : Math.Min(start, length + 1L);
        end = end < 0 ? Math.Max(0, end + length) : Math.Min(end, length);
        return ((int)start, (int)end);
    }
}
