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

    private int _seen;

    /// <inheritdoc/>
    public override bool Reads(string controlToken) => controlToken == Closing || base.Reads(controlToken);

    /// <inheritdoc/>
    protected override void Begin() => _seen = 0;

    /// <inheritdoc/>
    protected override BlockKind Read(ReadOnlySpan<char> block, bool isEnd, List<BlockCall> calls, out int end)
    {
        end = 0;
        var from = Math.Max(0, _seen - Closing.Length);
        _seen = block.Length;
        while (block[from..].IndexOf(Closing, StringComparison.Ordinal) is >= 0 and var at)
        {
            var closing = from + at;
            if (TryRead(block[..closing], isWhole: true, out var name, out var arguments, out var isInValue))
            {
                calls.Add(new BlockCall(name, arguments, null));
                end = closing + Closing.Length;
                return BlockKind.Call;
            }

            if (!isInValue)
            {
                return BlockKind.NoCall;
            }

            // The mark stands in a value; the block ends with another.
            from = closing + 1;
        }

        if (!isEnd)
        {
            return CanBegin(block) ? BlockKind.Unknown : BlockKind.NoCall;
        }

        if (!TryRead(block, isWhole: false, out var last, out var with, out _))
        {
            return BlockKind.NoCall;
        }

        calls.Add(new BlockCall(last, with, null));
        end = block.Length;
        return BlockKind.Call;
    }

    private static bool CanBegin(ReadOnlySpan<char> block)
    {
        var begin = block.TrimStart();
        return begin.Length < FunctionOpening.Length ? FunctionOpening.AsSpan().StartsWith(begin) : begin.StartsWith(FunctionOpening);
    }

    private bool TryRead(ReadOnlySpan<char> block, bool isWhole, out string name, out string arguments, out bool isInValue)
    {
        (name, arguments, isInValue) = ("", "", false);
        if (!TryTake(ref block, FunctionOpening, ">", out var function) || function.Trim().IsEmpty)
        {
            return false;
        }

        name = function.Trim().ToString();
        var written = new WrittenArguments();
        while (TryTake(ref block, ParameterOpening, ">", out var key))
        {
            var parameter = key.Trim().ToString();

            // What begins on a line of its own ends before one.
            var end = block.IndexOf(block.StartsWith("\n") ? "\n" + ParameterClosing : ParameterClosing, StringComparison.Ordinal);
            end += end >= 0 && block.StartsWith("\n") ? 1 : 0;
            isInValue = end < 0;
            if (end < 0 || parameter.Length == 0)
            {
                return false;
            }

            written.Add(parameter, WithoutLineEnds(block[..end]), isText(name, parameter));
            block = block[(end + ParameterClosing.Length)..];
        }

        arguments = written.ToString();
        var rest = block.Trim();

        // Where the answer ended before the block did, more parameters may have been to come.
        return (isWhole && rest.IsEmpty) || rest.SequenceEqual(FunctionClosing);
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
