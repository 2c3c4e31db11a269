using System.Globalization;
using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Functions;

/// <summary>Python's <c>'{} {name}'.format(…)</c> with plain fields: by order, by number or by name.</summary>
internal static class BraceFormat
{
    /// <exception cref="TemplateException">A field of another form, or one without a value.</exception>
    public static TemplateText Apply(RenderContext context, TemplateText format, Arguments arguments)
    {
        var builder = new TextBuilder(context);
        var automatic = 0;
        for (var i = 0; i < format.Length; i++)
        {
            var point = format[i];
            if (point is not ('{' or '}'))
            {
                builder.Append(format.Codes[i]);
            }
            else if (i + 1 < format.Length && format[i + 1] == point)
            {
                builder.Append(format.Codes[i++]);
            }
            else
            {
                var close = point == '{' ? format.IndexOf(TemplateText.Of("}"), i) : -1;
                var field = close >= 0
                    ? format.Slice(i + 1, close - i - 1).ToString()
                    : throw context.Fail("format()", "a brace stands alone");
                PythonText.Append(context, builder, Field(context, arguments, field, ref automatic));
                i = close;
            }
        }

        return builder.ToText();
    }

    private static object? Field(RenderContext context, Arguments arguments, string field, ref int automatic)
    {
        if (field.Length == 0)
        {
            field = automatic++.ToString(CultureInfo.InvariantCulture);
        }

        if (int.TryParse(field, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < arguments.Positional.Length)
        {
            return arguments.Positional[index];
        }

        return arguments.TryNamed(field, out var value) ? value : throw context.Fail("format()", $"no value for the field '{{{field}}}'");
    }
}
