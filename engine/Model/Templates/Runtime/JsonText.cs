using System.Globalization;
using System.Numerics;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Runtime;

/// <summary>Values as JSON, byte for byte as Python's <c>json.dumps</c> writes them.</summary>
internal sealed class JsonText(
    RenderContext context, bool ascii, TemplateText? indent, TemplateText itemSeparator, TemplateText keySeparator, bool sorted)
{
    private readonly TextBuilder _builder = new(context);

    /// <summary>The JSON of <paramref name="value"/>.</summary>
    /// <exception cref="TemplateException">It has none: undefined, a function, a namespace.</exception>
    public TemplateText Write(object? value)
    {
        Append(value, 0);
        return _builder.ToText();
    }

    private void Append(object? value, int depth)
    {
        context.Enter(0);
        switch (value)
        {
            case TemplateText text:
                AppendString(text);
                break;
            case Sequence { Kind: SequenceKind.List or SequenceKind.Tuple } sequence:
                AppendArray(sequence, depth);
                break;
            case Mapping mapping:
                AppendObject(mapping, depth);
                break;
            default:
                _builder.Append(Scalar(value));
                break;
        }

        context.Leave();
    }

    private string Scalar(object? value) => value switch
    {
        null => "null",
        bool boolean => boolean ? "true" : "false",
        long integer => integer.ToString(CultureInfo.InvariantCulture),
        BigInteger integer => integer.ToString(CultureInfo.InvariantCulture),
        double real when double.IsNaN(real) => "NaN",
        double real when double.IsInfinity(real) => real > 0 ? "Infinity" : "-Infinity",
        double real => PythonText.Float(real),
        _ => throw context.Fail("filter 'tojson'", $"{Members.TypeName(value)} has no JSON"),
    };

    private void AppendArray(Sequence sequence, int depth)
    {
        _builder.Append("[");
        for (var i = 0; i < sequence.Count; i++)
        {
            Separate(i == 0, depth + 1);
            Append(sequence.Items[i], depth + 1);
        }

        Close("]", sequence.Count == 0, depth);
    }

    private void AppendObject(Mapping mapping, int depth)
    {
        _builder.Append("{");
        var entries = mapping.Entries;
        if (sorted)
        {
            context.Step(entries.Count * 8L);
            entries = Sorting.Sort(context, entries, entry => entry.Key);
        }

        for (var i = 0; i < entries.Count; i++)
        {
            Separate(i == 0, depth + 1);
            AppendString(entries[i].Key as TemplateText ?? TemplateText.Of(Scalar(entries[i].Key), TextOrigin.Rendering));
            _builder.Append(keySeparator);
            Append(entries[i].Value, depth + 1);
        }

        Close("}", entries.Count == 0, depth);
    }

    private void Separate(bool first, int depth)
    {
        if (!first)
        {
            _builder.Append(itemSeparator);
        }

        Break(depth);
    }

    private void Close(string bracket, bool empty, int depth)
    {
        if (!empty)
        {
            Break(depth);
        }

        _builder.Append(bracket);
    }

    private void Break(int depth)
    {
        if (indent is not null)
        {
            _builder.Append("\n").Repeat(indent, depth);
        }
    }

    private void AppendString(TemplateText text)
    {
        _builder.Append("\"");
        foreach (var code in text.Codes)
        {
            var point = code & TextOrigin.CodePoint;
            var escape = point switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\f' => "\\f",
                '\b' => "\\b",
                < 0x20 => $"\\u{point:x4}",
                < 0x7f => null,
                _ when !ascii => null,
                < 0x10000 => $"\\u{point:x4}",
                _ => $"\\u{0xd800 + ((point - 0x10000) >> 10):x4}\\u{0xdc00 + (point & 0x3ff):x4}",
            };
            if (escape is null)
            {
                _builder.Append(code);
            }
            else
            {
                _builder.Append(escape, code & ~TextOrigin.CodePoint);
            }
        }

        _builder.Append("\"");
    }
}
