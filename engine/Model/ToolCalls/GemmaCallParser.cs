namespace Crescent.Engine.Model.ToolCalls;

/// <summary><c>call:NAME{KEY:VALUE,…}</c> between marks: <see cref="ToolCallStyle.Gemma"/> and <see cref="ToolCallStyle.FunctionGemma"/>.</summary>
public sealed class GemmaCallParser : BlockCallParser
{
    private const string Head = "call:";

    // What is longer, without a brace, is no name.
    private const int LongestName = 128;

    private readonly string _quote;
    private LiteralScanner _scanner;

    /// <param name="style">One of the two.</param>
    /// <param name="newId">The id of a call from its index.</param>
    public GemmaCallParser(ToolCallStyle style, Func<int, string> newId)
        : base(ToolCallStyles.Opening(style), newId, ToolCallStyles.Writing(style).Tail) => _quote = ToolCallStyles.Writing(style).Quote;

    /// <inheritdoc/>
    public override bool Reads(string controlToken) => controlToken == _quote || base.Reads(controlToken);

    /// <inheritdoc/>
    protected override void Begin() => _scanner = new LiteralScanner(_quote);

    /// <inheritdoc/>
    protected override BlockKind Read(ReadOnlySpan<char> block, bool isEnd, List<BlockCall> calls, out int end)
    {
        end = 0;
        var brace = block.IndexOf('{');
        if (brace < 0)
        {
            return isEnd || block.Length > LongestName || !CanBegin(block.TrimStart()) ? BlockKind.NoCall : BlockKind.Unknown;
        }

        var head = block[..brace].Trim();
        if (!head.StartsWith(Head) || head.Length > LongestName)
        {
            return BlockKind.NoCall;
        }

        var isWell = _scanner.Scan(block[brace..]);
        if (!_scanner.IsClosed)
        {
            return isEnd || !isWell ? BlockKind.NoCall : BlockKind.Unknown;
        }

        end = brace + _scanner.At;
        var reader = new LiteralReader(block[(brace + 1)..end], _quote);
        var name = head[Head.Length..].Trim().ToString();
        if (name.Length == 0 || !reader.Members(':', '}', out var arguments))
        {
            return BlockKind.NoCall;
        }

        calls.Add(new BlockCall(name, arguments, null));
        return BlockKind.Call;
    }

    private static bool CanBegin(ReadOnlySpan<char> text) => text.Length < Head.Length ? Head.AsSpan().StartsWith(text) : text.StartsWith(Head);
}
