namespace Crescent.Engine.Model.ToolCalls;

/// <summary><see cref="ToolCallStyle.MistralNamed"/>: a name, perhaps an id, and a JSON object.</summary>
/// <param name="newId">The id of a call from its index, for models that write none.</param>
public sealed class NamedCallParser(Func<int, string> newId) : BlockCallParser(ToolCallStyles.Opening(ToolCallStyle.MistralNamed), newId)
{
    private const string ArgumentsMark = "[ARGS]";
    private const string IdMark = "[CALL_ID]";
    private const int LongestHead = 256;

    private JsonScanner _scanner;
    private int _start;
    private int _at;

    /// <inheritdoc/>
    public override bool Reads(string controlToken) => controlToken is ArgumentsMark or IdMark || base.Reads(controlToken);

    /// <inheritdoc/>
    protected override void Begin() => (_scanner, _start, _at) = (default, 0, 0);

    /// <inheritdoc/>
    protected override BlockKind Read(ReadOnlySpan<char> block, bool isEnd, List<BlockCall> calls, out int end)
    {
        end = 0;
        if (_start == 0)
        {
            var mark = block.IndexOf(ArgumentsMark, StringComparison.Ordinal);
            if (mark < 0)
            {
                return isEnd || block.Length > LongestHead ? BlockKind.NoCall : BlockKind.Unknown;
            }

            _start = _at = mark + ArgumentsMark.Length;
        }

        for (; _at < block.Length; _at++)
        {
            if (!_scanner.Read(block[_at]) || (_scanner.Depth == 0 && !char.IsWhiteSpace(block[_at]) && block[_at] != '}'))
            {
                return BlockKind.NoCall;
            }

            if (_scanner.Depth == 0 && block[_at] == '}')
            {
                var head = block[..(_start - ArgumentsMark.Length)];
                var id = head.IndexOf(IdMark, StringComparison.Ordinal);
                var name = (id < 0 ? head : head[..id]).Trim();
                calls.Add(new BlockCall(name.ToString(), block[_start..(_at + 1)].Trim().ToString(), id < 0 ? null : head[(id + IdMark.Length)..].Trim().ToString()));
                end = _at + 1;
                return name.IsEmpty ? BlockKind.NoCall : BlockKind.Call;
            }
        }

        return isEnd ? BlockKind.NoCall : BlockKind.Unknown;
    }
}
