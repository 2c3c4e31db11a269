using System.Diagnostics;

namespace Crescent.Grains.Tracing;

/// <summary>
/// The span that something is a part of, as it crosses processes: W3C's <c>traceparent</c> (https://www.w3.org/TR/trace-context/), where there is one followed by a blank and its
/// <c>tracestate</c>. Null stands for what nobody has decided about, <see cref="None"/> for what is not traced.
/// </summary>
public static class TraceParent
{
    /// <summary>Of what is not traced.</summary>
    public const string None = "";

    /// <summary>That of the parts of <paramref name="span"/>; <see cref="None"/> without one.</summary>
    public static string Of(Activity? span) => span is null ? None : string.IsNullOrEmpty(span.TraceStateString) ? span.Id! : $"{span.Id} {span.TraceStateString}";

    /// <summary>Whether it is traced; false also where it is none that can be read.</summary>
    /// <param name="text">What stands for it.</param>
    /// <param name="context">The span.</param>
    public static bool IsTraced(string? text, out ActivityContext context)
    {
        context = default;
        if (string.IsNullOrEmpty(text))
        {
            return false;
        }

        var blank = text.IndexOf(' ', StringComparison.Ordinal);
        var (parent, state) = blank < 0 ? (text, null) : (text[..blank], text[(blank + 1)..]);
        return ActivityContext.TryParse(parent, state, isRemote: true, out context) && context.TraceFlags.HasFlag(ActivityTraceFlags.Recorded);
    }
}
