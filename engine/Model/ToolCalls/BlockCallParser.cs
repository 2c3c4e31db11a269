namespace Crescent.Engine.Model.ToolCalls;

/// <summary>
/// Finds calls that stand in blocks behind an opening; what is in a block, its kind says. A block leaves as a call when it is whole, and as content, whole and in
/// its place, when it is none. White space directly before a call, and between a call and the end of the answer, is dropped.
/// </summary>
/// <param name="opening">What a block begins with.</param>
/// <param name="newId">The id of a call from its index, for models that write none.</param>
/// <param name="silent">Marks around blocks, which are dropped.</param>
public abstract class BlockCallParser(string opening, Func<int, string> newId, params string[] silent) : IAnswerParser
{
    private readonly List<BlockCall> _calls = [];

    // Text that has not left yet; behind an opening what the block has so far.
    private char[] _buffer = new char[256];
    private int _count;
    private string _gap = "";
    private bool _isOpen;
    private bool _afterCall;
    private bool _hasSaid;

    /// <summary>What a block may turn out to be.</summary>
    protected enum BlockKind
    {
        /// <summary>More text must tell.</summary>
        Unknown,
        Call,
        NoCall,
    }

    /// <inheritdoc/>
    public int Calls { get; private set; }

    /// <inheritdoc/>
    public bool IsCut => false;

    /// <inheritdoc/>
    public bool IsThinking => false;

    /// <inheritdoc/>
    public virtual bool Reads(string controlToken) => controlToken == opening || Array.IndexOf(silent, controlToken) >= 0;

    /// <inheritdoc/>
    public void Append(ReadOnlySpan<char> text, ICollection<AnswerDelta> deltas)
    {
        if (_count + text.Length > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(_count + text.Length, _buffer.Length * 2));
        }

        text.CopyTo(_buffer.AsSpan(_count));
        _count += text.Length;
        Advance(deltas, isEnd: false);
    }

    /// <inheritdoc/>
    public void Complete(ICollection<AnswerDelta> deltas)
    {
        Advance(deltas, isEnd: true);
        if (_isOpen)
        {
            Close(deltas);
        }

        if (!_afterCall || !_buffer.AsSpan(0, _count).IsWhiteSpace())
        {
            Give(_count, deltas);
        }

        _count = 0;
    }

    /// <summary>Whether blocks stand at the beginning of an answer, or behind others there, and nowhere else.</summary>
    protected virtual bool AreFirst => false;

    /// <summary>Begins a block.</summary>
    protected abstract void Begin();

    /// <summary>Reads the block so far.</summary>
    /// <param name="block">What stands behind the opening.</param>
    /// <param name="isEnd">Whether nothing follows.</param>
    /// <param name="calls">To which its calls are added.</param>
    /// <param name="end">Characters of a block with calls.</param>
    protected abstract BlockKind Read(ReadOnlySpan<char> block, bool isEnd, List<BlockCall> calls, out int end);

    private void Advance(ICollection<AnswerDelta> deltas, bool isEnd)
    {
        while (_count > 0)
        {
            var all = _buffer.AsSpan(0, _count);
            if (!_isOpen)
            {
                var at = First(all, out var mark);
                if (at < 0)
                {
                    Give(Certain(all), deltas);
                    return;
                }

                var content = all[..at].TrimEnd().Length;
                var gap = all[content..at].ToString();
                Give(content, deltas);
                Drop(at - content + mark.Length);
                if (mark != opening)
                {
                    continue;
                }

                if (AreFirst && _hasSaid)
                {
                    deltas.Add(new AnswerDelta(gap + opening, null));
                    continue;
                }

                _gap = gap;
                _isOpen = true;
                Begin();
                continue;
            }

            _calls.Clear();
            switch (Read(all, isEnd, _calls, out var end))
            {
                case BlockKind.Call:
                    foreach (var call in _calls)
                    {
                        deltas.Add(new AnswerDelta(null, new ToolCallDelta(Calls, call.Id ?? newId(Calls), call.Name, call.Arguments)));
                        Calls++;
                    }

                    Drop(end);
                    (_isOpen, _afterCall) = (false, true);
                    break;
                case BlockKind.NoCall:
                    Close(deltas);
                    break;
                default:
                    return;
            }
        }
    }

    // What was taken for an opening is content.
    private void Close(ICollection<AnswerDelta> deltas)
    {
        deltas.Add(new AnswerDelta(_gap + opening, null));
        (_isOpen, _afterCall, _hasSaid) = (false, false, true);
    }

    // The place of the first mark, opening or silent; -1 where there is none.
    private int First(ReadOnlySpan<char> text, out string mark)
    {
        (var first, mark) = (text.IndexOf(opening, StringComparison.Ordinal), opening);
        foreach (var other in silent)
        {
            var at = text.IndexOf(other, StringComparison.Ordinal);
            if (at >= 0 && (first < 0 || at < first))
            {
                (first, mark) = (at, other);
            }
        }

        return first;
    }

    /// <summary>Characters that are content whatever follows: neither white space before a call nor the beginning of a mark.</summary>
    private int Certain(ReadOnlySpan<char> text)
    {
        var held = Beginning(text, opening);
        foreach (var mark in silent)
        {
            held = Math.Max(held, Beginning(text, mark));
        }

        return text[..^held].TrimEnd().Length;
    }

    /// <summary>Length of the longest end of <paramref name="text"/> with which a mark begins.</summary>
    private static int Beginning(ReadOnlySpan<char> text, string mark)
    {
        var held = Math.Min(mark.Length - 1, text.Length);
        while (held > 0 && !mark.AsSpan().StartsWith(text[^held..]))
        {
            held--;
        }

        return held;
    }

    private void Give(int count, ICollection<AnswerDelta> deltas)
    {
        if (count > 0)
        {
            deltas.Add(new AnswerDelta(new string(_buffer, 0, count), null));
            (_afterCall, _hasSaid) = (false, true);
            Drop(count);
        }
    }

    private void Drop(int count)
    {
        _buffer.AsSpan(count, _count - count).CopyTo(_buffer);
        _count -= count;
    }

    /// <summary>A call in a block.</summary>
    /// <param name="Name">Of the function.</param>
    /// <param name="Arguments">JSON of an object.</param>
    /// <param name="Id">Where the model wrote one.</param>
    protected readonly record struct BlockCall(string Name, string Arguments, string? Id);
}
