namespace Crescent.Engine.Model.ToolCalls;

/// <summary>
/// Finds calls that stand in blocks behind an opening; what is in a block, its kind says. A block leaves as a call when it is whole, and as content, whole and in
/// its place, when it is none. White space directly before a call, and between a call and the end of the answer, is dropped.
/// </summary>
/// <param name="opening">What a block begins with.</param>
/// <param name="newId">The id of a call from its index, for models that write none.</param>
public abstract class BlockCallParser(string opening, Func<int, string> newId) : IAnswerParser
{
    // Text that has not left yet; behind an opening what the block has so far.
    private char[] _buffer = new char[256];
    private int _count;
    private string _gap = "";
    private bool _isOpen;
    private bool _afterCall;

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
    public virtual bool Reads(string controlToken) => controlToken == opening;

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

    /// <summary>Begins a block.</summary>
    protected abstract void Begin();

    /// <summary>Reads the block so far.</summary>
    /// <param name="block">What stands behind the opening.</param>
    /// <param name="isEnd">Whether nothing follows.</param>
    /// <param name="call">The call.</param>
    protected abstract BlockKind Read(ReadOnlySpan<char> block, bool isEnd, out BlockCall call);

    private void Advance(ICollection<AnswerDelta> deltas, bool isEnd)
    {
        while (_count > 0)
        {
            var all = _buffer.AsSpan(0, _count);
            if (!_isOpen)
            {
                var at = all.IndexOf(opening, StringComparison.Ordinal);
                if (at < 0)
                {
                    Give(Certain(all), deltas);
                    return;
                }

                var content = all[..at].TrimEnd().Length;
                _gap = all[content..at].ToString();
                Give(content, deltas);
                Drop(at - content + opening.Length);
                _isOpen = true;
                Begin();
                continue;
            }

            switch (Read(all, isEnd, out var call))
            {
                case BlockKind.Call:
                    deltas.Add(new AnswerDelta(null, new ToolCallDelta(Calls, call.Id ?? newId(Calls), call.Name, call.Arguments)));
                    Calls++;
                    Drop(call.End);
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
        (_isOpen, _afterCall) = (false, false);
    }

    /// <summary>Characters that are content whatever follows: neither white space before a call nor the beginning of an opening.</summary>
    private int Certain(ReadOnlySpan<char> text)
    {
        var held = Math.Min(opening.Length - 1, text.Length);
        while (held > 0 && !opening.AsSpan().StartsWith(text[^held..]))
        {
            held--;
        }

        return text[..^held].TrimEnd().Length;
    }

    private void Give(int count, ICollection<AnswerDelta> deltas)
    {
        if (count > 0)
        {
            deltas.Add(new AnswerDelta(new string(_buffer, 0, count), null));
            _afterCall = false;
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
    /// <param name="End">Characters of the block.</param>
    protected readonly record struct BlockCall(string Name, string Arguments, string? Id, int End);
}
