using System.Buffers;

namespace Crescent.Engine.Model.ToolCalls;

/// <summary><see cref="ToolCallStyle.Glm"/>: a name, then keys and values; values stand as they are where a parameter is text, else as JSON.</summary>
/// <param name="newId">The id of a call from its index.</param>
/// <param name="isText">Whether a parameter (function, name) is text. Of others, what is no JSON is text too.</param>
public sealed class GlmCallParser(Func<int, string> newId, Func<string, string, bool> isText) : BlockCallParser(ToolCallStyles.Opening(ToolCallStyle.Glm), newId)
{
    private const string Closing = "</tool_call>";
    private const string KeyOpening = "<arg_key>", KeyClosing = "</arg_key>", ValueOpening = "<arg_value>", ValueClosing = "</arg_value>";

    // A name is some words: what is longer, without a key or an end, is text.
    private const int LongestName = 256;

    private static readonly SearchValues<char> NoName = SearchValues.Create("<>{}\"\n ");

    private int _seen;

    /// <inheritdoc/>
    public override bool Reads(string controlToken) => controlToken is Closing or KeyOpening or KeyClosing or ValueOpening or ValueClosing || base.Reads(controlToken);

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
            end = from + at + Closing.Length;
            if (TryRead(block[..(from + at)], out var call, out var isInValue))
            {
                calls.Add(call);
                return BlockKind.Call;
            }

            if (!isInValue)
            {
                return BlockKind.NoCall;
            }

            // The mark stands in a value; the block ends with another.
            from += at + 1;
        }

        if (isEnd)
        {
            // Where no closing follows, more parameters may have been to come: without any there is no call.
            end = block.Length;
            if (!block.TrimEnd().EndsWith(ValueClosing) || !TryRead(block, out var last, out _))
            {
                return BlockKind.NoCall;
            }

            calls.Add(last);
            return BlockKind.Call;
        }

        var name = block.IndexOf(KeyOpening, StringComparison.Ordinal);
        return IsName(name < 0 ? block : block[..name], isWhole: name >= 0) ? BlockKind.Unknown : BlockKind.NoCall;
    }

    private bool TryRead(ReadOnlySpan<char> block, out BlockCall call, out bool isInValue)
    {
        (call, isInValue) = (default, false);
        var first = block.IndexOf(KeyOpening, StringComparison.Ordinal);
        var head = first < 0 ? block : block[..first];
        if (!IsName(head, isWhole: true))
        {
            return false;
        }

        var name = head.Trim().ToString();
        var written = new WrittenArguments();
        block = first < 0 ? [] : block[first..];
        while (!block.TrimStart().IsEmpty)
        {
            block = block.TrimStart();
            if (!TryTake(ref block, KeyOpening, KeyClosing, out var key, out _) || !TryTake(ref block, ValueOpening, ValueClosing, out var value, out isInValue))
            {
                return false;
            }

            var parameter = key.Trim().ToString();
            written.Add(parameter, value, isText(name, parameter));
        }

        call = new BlockCall(name, written.ToString(), null);
        return true;
    }

    private static bool TryTake(ref ReadOnlySpan<char> text, string opening, string closing, out ReadOnlySpan<char> between, out bool isOpen)
    {
        isOpen = false;
        between = default;
        var begin = text.TrimStart();
        if (!begin.StartsWith(opening))
        {
            return false;
        }

        begin = begin[opening.Length..];
        var end = begin.IndexOf(closing, StringComparison.Ordinal);
        isOpen = end < 0;
        if (isOpen)
        {
            return false;
        }

        between = begin[..end];
        text = begin[(end + closing.Length)..];
        return true;
    }

    private static bool IsName(ReadOnlySpan<char> text, bool isWhole)
    {
        var name = text.Trim();
        if (name.IsEmpty)
        {
            return !isWhole && text.Length <= LongestName;
        }

        // The beginning of the first key, or of the closing, may stand at the end of what has come.
        var mark = isWhole ? -1 : name.IndexOf('<');
        if (mark >= 0)
        {
            name = KeyOpening.AsSpan().StartsWith(name[mark..]) || Closing.AsSpan().StartsWith(name[mark..]) ? name[..mark].TrimEnd() : name;
        }

        return text.Length <= LongestName && name.IndexOfAny(NoName) < 0;
    }
}
