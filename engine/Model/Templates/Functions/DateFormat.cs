using System.Globalization;
using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Functions;

/// <summary>Python's <c>strftime</c> in the C locale.</summary>
internal static class DateFormat
{
    /// <exception cref="TemplateException">A directive that is not known.</exception>
    public static TemplateText Apply(RenderContext context, DateTimeOffset time, string format)
    {
        var builder = new TextBuilder(context);
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                builder.Append(format[i].ToString(), TextOrigin.Template);
                continue;
            }

            // glibc leaves the padding out after a hyphen.
            var bare = format[i + 1] == '-' && i + 2 < format.Length;
            i += bare ? 2 : 1;
            var text = Directive(context, time, format[i]);
            builder.Append(bare ? text.TrimStart('0', ' ') is { Length: > 0 } rest ? rest : "0" : text, TextOrigin.Template);
        }

        return builder.ToText();
    }

    private static string Directive(RenderContext context, DateTimeOffset time, char directive) => directive switch
    {
        'Y' => Format(time, "yyyy"),
        'y' => Format(time, "yy"),
        'm' => Format(time, "MM"),
        'd' => Format(time, "dd"),
        'e' => $"{time.Day,2}",
        'B' => Format(time, "MMMM"),
        'b' or 'h' => Format(time, "MMM"),
        'A' => Format(time, "dddd"),
        'a' => Format(time, "ddd"),
        'H' => Format(time, "HH"),
        'I' => Format(time, "hh"),
        'M' => Format(time, "mm"),
        'S' => Format(time, "ss"),
        'f' => Format(time, "ffffff"),
        'p' => time.Hour < 12 ? "AM" : "PM",
        'j' => $"{time.DayOfYear:000}",
        'w' => $"{(int)time.DayOfWeek}",
        'u' => $"{(time.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)time.DayOfWeek)}",
        'F' => Format(time, "yyyy-MM-dd"),
        'T' or 'X' => Format(time, "HH:mm:ss"),
        'D' or 'x' => Format(time, "MM/dd/yy"),
        'R' => Format(time, "HH:mm"),
        'c' => $"{Format(time, "ddd MMM")} {time.Day,2} {Format(time, "HH:mm:ss yyyy")}",
        'z' or 'Z' => "", // a time without a zone, as the hubs' function has it
        'n' => "\n",
        't' => "\t",
        '%' => "%",
        _ => throw context.Fail("strftime_now", $"unknown directive %{directive}"),
    };

    private static string Format(DateTimeOffset time, string format) => time.ToString(format, CultureInfo.InvariantCulture);
}
