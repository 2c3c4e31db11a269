using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Crescent.Engine.Model.ToolCalls;

/// <summary><see cref="ToolCallStyle.Xml"/>: values stand as they are where a parameter is text, else as JSON.</summary>
/// <param name="newId">The id of a call from its index.</param>
/// <param name="isText">Whether a parameter (function, name) is text. Of others, what is no JSON is text too.</param>
public sealed class XmlCallParser(Func<int, string> newId, Func<string, string, bool> isText) : BlockCallParser(ToolCallStyles.Opening(ToolCallStyle.Xml), newId)
{
    private const string Closing = "</tool_call>";
    private const string FunctionOpening = "<function=";
    private const string FunctionClosing = "</function>";
    private const string ParameterOpening = "<parameter=";
    private const string ParameterClosing = "</parameter>";

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private int _seen;

    /// <inheritdoc/>
    public override bool Reads(string controlToken) => controlToken == Closing || base.Reads(controlToken);

    /// <inheritdoc/>
    protected override void Begin() => _seen = 0;

    /// <inheritdoc/>
    protected override BlockKind Read(ReadOnlySpan<char> block, bool isEnd, out BlockCall call)
    {
        call = default;
        var from = Math.Max(0, _seen - Closing.Length);
        var end = block[from..].IndexOf(Closing, StringComparison.Ordinal);
        _seen = block.Length;
        if (end < 0 && !isEnd)
        {
            return CanBegin(block) ? BlockKind.Unknown : BlockKind.NoCall;
        }

        var inner = end < 0 ? block : block[..(from + end)];
        if (!TryRead(inner, out var name, out var arguments))
        {
            return BlockKind.NoCall;
        }

        call = new BlockCall(name, arguments, null, end < 0 ? block.Length : from + end + Closing.Length);
        return BlockKind.Call;
    }

    private static bool CanBegin(ReadOnlySpan<char> block)
    {
        var begin = block.TrimStart();
        return begin.Length < FunctionOpening.Length ? FunctionOpening.AsSpan().StartsWith(begin) : begin.StartsWith(FunctionOpening);
    }

    private bool TryRead(ReadOnlySpan<char> block, out string name, out string arguments)
    {
        (name, arguments) = ("", "");
        if (!TryTake(ref block, FunctionOpening, ">", out var function) || function.Trim().IsEmpty)
        {
            return false;
        }

        name = function.Trim().ToString();
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json, Plain))
        {
            writer.WriteStartObject();
            var names = new HashSet<string>(StringComparer.Ordinal);
            while (TryTake(ref block, ParameterOpening, ">", out var key))
            {
                var parameter = key.Trim().ToString();
                var end = block.IndexOf(ParameterClosing, StringComparison.Ordinal);
                if (end < 0 || parameter.Length == 0)
                {
                    return false;
                }

                if (names.Add(parameter))
                {
                    writer.WritePropertyName(parameter);
                    WriteValue(writer, name, parameter, WithoutLineEnds(block[..end]));
                }

                block = block[(end + ParameterClosing.Length)..];
            }

            writer.WriteEndObject();
        }

        arguments = Encoding.UTF8.GetString(json.WrittenSpan);
        var rest = block.Trim();
        return rest.IsEmpty || rest.SequenceEqual(FunctionClosing);
    }

    private void WriteValue(Utf8JsonWriter writer, string function, string parameter, ReadOnlySpan<char> value)
    {
        if (!isText(function, parameter))
        {
            try
            {
                using var read = JsonDocument.Parse(value.ToString());
                read.RootElement.WriteTo(writer);
                return;
            }
            catch (JsonException)
            {
                // It is text, then.
            }
        }

        writer.WriteStringValue(value);
    }

    private static bool TryTake(ref ReadOnlySpan<char> text, string opening, string closing, out ReadOnlySpan<char> between)
    {
        between = default;
        var begin = text.TrimStart();
        if (!begin.StartsWith(opening))
        {
            return false;
        }

        begin = begin[opening.Length..];
        var end = begin.IndexOf(closing, StringComparison.Ordinal);
        if (end < 0)
        {
            return false;
        }

        between = begin[..end];
        text = begin[(end + closing.Length)..];
        return true;
    }

    // One line end on each side belongs to the form.
    private static ReadOnlySpan<char> WithoutLineEnds(ReadOnlySpan<char> value)
    {
        value = value.StartsWith("\n") ? value[1..] : value;
        return value.EndsWith("\n") ? value[..^1] : value;
    }
}
