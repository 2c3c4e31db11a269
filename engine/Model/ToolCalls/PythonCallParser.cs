namespace Crescent.Engine.Model.ToolCalls;

/// <summary>
/// <c>[NAME(KEY=VALUE), …]</c> with literals of Python: <see cref="ToolCallStyle.Lfm"/> between marks, <see cref="ToolCallStyle.Python"/> at the beginning of an answer. Between marks the list may also
/// be JSON, of objects with a name and arguments.
/// </summary>
public sealed class PythonCallParser : BlockCallParser
{
    // What is longer, without a parenthesis, is no name.
    private const int LongestName = 128;

    private readonly bool _isMarked;
    private LiteralScanner _scanner;

    /// <param name="style">One of the two.</param>
    /// <param name="newId">The id of a call from its index.</param>
    public PythonCallParser(ToolCallStyle style, Func<int, string> newId)
        : base(
            style == ToolCallStyle.Lfm ? ToolCallMarks.LfmCall : "[",
            newId,
            style == ToolCallStyle.Lfm ? [ToolCallMarks.KimiCallEnd] : [ToolCallMarks.PythonStart, ToolCallMarks.PythonEnd]) =>
        _isMarked = style == ToolCallStyle.Lfm;

    /// <inheritdoc/>
    protected override bool AreFirst => !_isMarked;

    /// <inheritdoc/>
    protected override void Begin() => _scanner = new LiteralScanner(null);

    /// <inheritdoc/>
    protected override BlockKind Read(ReadOnlySpan<char> block, bool isEnd, List<BlockCall> calls, out int end)
    {
        end = 0;

        // The opening itself is the bracket where there is no mark.
        var text = _isMarked ? block : string.Concat("[", block);
        var begin = text.TrimStart();
        if (!begin.IsEmpty && !CanBegin(begin))
        {
            return BlockKind.NoCall;
        }

        if (begin.IsEmpty || !_scanner.Scan(text) || !_scanner.IsClosed)
        {
            return isEnd || (!begin.IsEmpty && !_scanner.IsClosed && _scanner.At < text.Length && text[_scanner.At] is ')' or ']' or '}') ? BlockKind.NoCall : BlockKind.Unknown;
        }

        end = _scanner.At - (_isMarked ? 0 : 1);
        return TryRead(text[.._scanner.At].TrimStart(), calls) ? BlockKind.Call : BlockKind.NoCall;
    }

    private bool CanBegin(ReadOnlySpan<char> text)
    {
        if (text[0] != '[')
        {
            return _isMarked && text[0] == '{';
        }

        var name = text[1..].TrimStart();
        if (_isMarked && name is ['{', ..])
        {
            return true;
        }

        var parenthesis = name.IndexOf('(');
        var written = parenthesis < 0 ? name : name[..parenthesis].TrimEnd();
        foreach (var c in written)
        {
            if (!char.IsLetterOrDigit(c) && c is not ('_' or '.' or '-'))
            {
                return false;
            }
        }

        return written.Length <= LongestName && (parenthesis != 0);
    }

    private static bool TryRead(ReadOnlySpan<char> text, List<BlockCall> calls)
    {
        if (text[0] == '{' || text[1..].TrimStart() is ['{', ..])
        {
            return TryReadJson(text[0] == '{' ? $"[{text}]" : text.ToString(), calls);
        }

        var reader = new LiteralReader(text, null);
        reader.Take('[');
        do
        {
            var name = reader.Name();
            if (name.Length == 0 || !reader.Take('(') || !reader.Members('=', ')', out var arguments))
            {
                return false;
            }

            calls.Add(new BlockCall(name, arguments, null));
        }
        while (reader.Take(','));

        return reader.Take(']');
    }

    private static bool TryReadJson(string text, List<BlockCall> calls)
    {
        var deltas = new List<AnswerDelta>();
        var parser = new ToolCallParser(ToolCallStyle.Mistral, static _ => "");
        parser.Append(ToolCallStyles.Opening(ToolCallStyle.Mistral), deltas);
        parser.Append(text, deltas);
        parser.Complete(deltas);
        calls.AddRange(deltas.Where(static delta => delta.Call is not null).Select(static delta => new BlockCall(delta.Call!.Value.Name!, delta.Call.Value.Arguments, null)));
        return calls.Count > 0;
    }
}
