namespace Crescent.Engine.Model.ToolCalls;

/// <summary>
/// Calls of a name and a JSON object with a mark between, in a section of their own: <see cref="ToolCallStyle.DeepSeek"/>, <see cref="ToolCallStyle.DeepSeekNamed"/> and
/// <see cref="ToolCallStyle.Kimi"/>, whichever the model writes.
/// </summary>
public sealed class MarkedCallParser : BlockCallParser
{
    // A head is a type and a name: what is longer is text.
    private const int LongestHead = 256;
    private const string FunctionPrefix = "functions.";

    private readonly string _separator;
    private readonly string _closing;
    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);
    private int _seen;

    /// <param name="style">One of the three.</param>
    /// <param name="newId">The id of a call from its index, for models that write none.</param>
    public MarkedCallParser(ToolCallStyle style, Func<int, string> newId)
        : base(ToolCallStyles.Opening(style), newId, Around(style)) =>
        (_separator, _closing) = style == ToolCallStyle.Kimi
            ? (ToolCallMarks.KimiArguments, ToolCallMarks.KimiCallEnd)
            : (ToolCallMarks.DeepSeekSeparator, ToolCallMarks.DeepSeekCallEnd);

    /// <inheritdoc/>
    public override bool Reads(string controlToken) => controlToken == _separator || controlToken == _closing || base.Reads(controlToken);

    /// <inheritdoc/>
    protected override void Begin() => _seen = 0;

    /// <inheritdoc/>
    protected override BlockKind Read(ReadOnlySpan<char> block, bool isEnd, List<BlockCall> calls, out int end)
    {
        end = 0;
        var from = Math.Max(0, _seen - _closing.Length);
        _seen = block.Length;
        while (block[from..].IndexOf(_closing, StringComparison.Ordinal) is >= 0 and var at)
        {
            if (TryRead(block[..(from + at)], calls))
            {
                end = from + at + _closing.Length;
                return BlockKind.Call;
            }

            // The mark may stand in an argument; the block ends with another.
            from += at + 1;
        }

        if (isEnd)
        {
            end = block.Length;
            return TryRead(block, calls) ? BlockKind.Call : BlockKind.NoCall;
        }

        var separator = block.IndexOf(_separator, StringComparison.Ordinal);
        return separator < 0 && block.Length > LongestHead ? BlockKind.NoCall : BlockKind.Unknown;
    }

    // What stands around all calls of an answer.
    private static string[] Around(ToolCallStyle style) => style == ToolCallStyle.Kimi
        ? [ToolCallMarks.KimiSection, ToolCallMarks.KimiSectionEnd]
        : [ToolCallMarks.DeepSeekSection, ToolCallMarks.DeepSeekSectionEnd];

    private bool TryRead(ReadOnlySpan<char> block, List<BlockCall> calls)
    {
        var separator = block.IndexOf(_separator, StringComparison.Ordinal);
        if (separator < 0)
        {
            return false;
        }

        var head = block[..separator].Trim();
        var body = block[(separator + _separator.Length)..].Trim();
        var json = body.IndexOf('{');
        if (json < 0)
        {
            return false;
        }

        // Behind "function" the name stands on a line of its own, and the object in a fence.
        var line = body[..json].Trim();
        var isFenced = !line.IsEmpty;
        var name = isFenced ? line[..(line.IndexOfAny('\n', '`') is >= 0 and var lineEnd ? lineEnd : line.Length)].Trim() : head;
        body = body[json..];
        body = isFenced && body.EndsWith("```") ? body[..^3].TrimEnd() : body;
        var id = name.StartsWith(FunctionPrefix) ? name.ToString() : null;
        if (id is not null)
        {
            name = name[FunctionPrefix.Length..];
            name = name.LastIndexOf(':') is >= 0 and var number ? name[..number] : name;
        }

        if (name.IsEmpty || !IsObject(body))
        {
            return false;
        }

        // Kimi's templates write this id before the call's result.
        calls.Add(new BlockCall(name.ToString(), body.ToString(), id is not null && _ids.Add(id) ? id : null));
        return true;
    }

    private static bool IsObject(ReadOnlySpan<char> text)
    {
        var scanner = default(JsonScanner);
        for (var i = 0; i < text.Length; i++)
        {
            if (!scanner.Read(text[i]) || (scanner.Depth == 0 && i < text.Length - 1))
            {
                return false;
            }
        }

        return scanner.Depth == 0;
    }
}
