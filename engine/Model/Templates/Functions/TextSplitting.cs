using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Functions;

/// <summary>The methods of Python's <c>str</c> that cut a text into several.</summary>
internal static class TextSplitting
{
    public static object? Split(RenderContext context, object? self, Arguments arguments) =>
        Split(context, (TemplateText)self!, arguments, false);

    public static object? SplitRight(RenderContext context, object? self, Arguments arguments) =>
        Split(context, (TemplateText)self!, arguments, true);

    public static object? SplitLines(RenderContext context, object? self, Arguments arguments)
    {
        var text = (TemplateText)self!;
        var keep = arguments.Bind(context, "splitlines", 0, "keepends").Boolean(0, false);
        var lines = new List<object?>();
        context.Charge(text.Length);
        for (var start = 0; start < text.Length;)
        {
            var end = start;
            while (end < text.Length && !IsLineBreak(text[end]))
            {
                end++;
            }

            var next = end == text.Length ? end
                : text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n' ? end + 2
                : end + 1;
            context.Step();
            lines.Add(text.Slice(start, (keep ? next : end) - start));
            start = next;
        }

        return new Sequence([.. lines]);
    }

    public static object? Partition(RenderContext context, object? self, Arguments arguments)
    {
        var (text, separator) = Separator(context, self, arguments, "partition");
        var at = text.IndexOf(separator);
        return at < 0 ? Sequence.Tuple(text, TemplateText.Empty, TemplateText.Empty) : Parts(text, separator, at);
    }

    public static object? PartitionRight(RenderContext context, object? self, Arguments arguments)
    {
        var (text, separator) = Separator(context, self, arguments, "rpartition");
        var at = text.LastIndexOf(separator, text.Length);
        return at < 0 ? Sequence.Tuple(TemplateText.Empty, TemplateText.Empty, text) : Parts(text, separator, at);
    }

    private static (TemplateText Whole, TemplateText Separator) Separator(
        RenderContext context, object? self, Arguments arguments, string name)
    {
        var separator = arguments.Bind(context, name, 1, "sep").Text(0);
        context.Charge(((TemplateText)self!).Length);
        return separator.Length > 0 ? ((TemplateText)self, separator) : throw context.Fail($"{name}()", "the separator is empty");
    }

    private static Sequence Parts(TemplateText text, TemplateText separator, int at) =>
        Sequence.Tuple(text.Slice(0, at), text.Slice(at, separator.Length), text.Slice(at + separator.Length));

    private static Sequence Split(RenderContext context, TemplateText text, Arguments arguments, bool fromRight)
    {
        var bound = arguments.Bind(context, fromRight ? "rsplit" : "split", 0, "sep", "maxsplit");
        var limit = bound.Integer(1, -1);
        limit = limit < 0 ? long.MaxValue : limit;
        context.Charge(text.Length);
        if (bound.TextOrNull(0) is not { } separator)
        {
            return fromRight ? WordsFromRight(context, text, limit) : Words(context, text, limit);
        }

        if (separator.Length == 0)
        {
            throw context.Fail("split()", "the separator is empty");
        }

        var parts = Occurrences(context, text, separator);
        // The separators that count are the first or, from the right, the last.
        var used = (int)Math.Min(limit, parts.Count);
        var skipped = fromRight ? parts.Count - used : 0;
        var pieces = new List<object?>(used + 1);
        var start = 0;
        for (var i = skipped; i < skipped + used; i++)
        {
            pieces.Add(text.Slice(start, parts[i] - start));
            start = parts[i] + separator.Length;
        }

        pieces.Add(text.Slice(start));
        return new Sequence([.. pieces]);
    }

    private static List<int> Occurrences(RenderContext context, TemplateText text, TemplateText separator)
    {
        var places = new List<int>();
        for (var at = text.IndexOf(separator); at >= 0; at = text.IndexOf(separator, at + separator.Length))
        {
            context.Step();
            places.Add(at);
        }

        return places;
    }

    private static Sequence Words(RenderContext context, TemplateText text, long limit)
    {
        var words = new List<object?>();
        for (var at = SkipSpace(text, 0); at < text.Length;)
        {
            context.Step();
            if (words.Count >= limit)
            {
                words.Add(text.Slice(at));
                break;
            }

            var end = at;
            while (end < text.Length && !TextCase.IsSpace(text[end]))
            {
                end++;
            }

            words.Add(text.Slice(at, end - at));
            at = SkipSpace(text, end);
        }

        return new Sequence([.. words]);
    }

    private static Sequence WordsFromRight(RenderContext context, TemplateText text, long limit)
    {
        var words = new List<object?>();
        for (var end = SkipSpaceBack(text, text.Length); end > 0;)
        {
            context.Step();
            if (words.Count >= limit)
            {
                words.Add(text.Slice(0, end));
                break;
            }

            var start = end;
            while (start > 0 && !TextCase.IsSpace(text[start - 1]))
            {
                start--;
            }

            words.Add(text.Slice(start, end - start));
            end = SkipSpaceBack(text, start);
        }

        words.Reverse();
        return new Sequence([.. words]);
    }

    private static int SkipSpace(TemplateText text, int at)
    {
        while (at < text.Length && TextCase.IsSpace(text[at]))
        {
            at++;
        }

        return at;
    }

    private static int SkipSpaceBack(TemplateText text, int end)
    {
        while (end > 0 && TextCase.IsSpace(text[end - 1]))
        {
            end--;
        }

        return end;
    }

    private static bool IsLineBreak(int point) =>
        point is '\n' or '\r' or '\v' or '\f' or 0x1c or 0x1d or 0x1e or 0x85 or 0x2028 or 0x2029;
}
