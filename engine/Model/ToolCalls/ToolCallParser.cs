namespace Crescent.Engine.Model.ToolCalls;

/// <summary>
/// Parts an answer into content and tool calls while it is being written. The answer may come in any pieces: their bounds change
/// nothing but where content is cut. Not for use by several threads.
/// </summary>
/// <remarks>
/// What may still become a call is held back, so no part of a marker is ever given out as content; what turns out to be none comes
/// back as content, whole and in its place. White space directly before a call, and between a call and the end of the answer, belongs
/// to neither and is dropped. A call that only lacks its closing marker at the end of the answer is a call.
/// </remarks>
public sealed class ToolCallParser : IAnswerParser
{
    private readonly ToolCallStyle _style;
    private readonly ToolCallDelivery _delivery;
    private readonly Func<int, string> _newId;
    private readonly string _opening;
    private readonly string _closing;
    private readonly bool _isList;
    private readonly bool _mayBeList;

    // Calls of a list that is not closed yet.
    private readonly List<(string? Id, string Name, string Arguments)> _group = [];

    // Text that has not left yet; places below are in it.
    private char[] _buffer = new char[256];
    private int _count;

    // The next character to look at, and behind the last that is certain to be content.
    private int _at;
    private int _safe;

    // Where to go on when what is being read is no call.
    private int _retry;

    private Stage _stage;

    // Whether what is open is a list, and whether that has been closed.
    private bool _inList, _listEnded;
    private CallReader _call;
    private bool _announced;
    private int _streamed;

    // Whether nothing but white space came since the beginning of the answer, or since a call.
    private bool _fresh = true;
    private bool _afterCall;

    /// <param name="style">How the model writes calls.</param>
    /// <param name="newId">The id of a call from its index, for models that write none; unique in the conversation.</param>
    /// <param name="delivery">When calls leave.</param>
    public ToolCallParser(ToolCallStyle style, Func<int, string> newId, ToolCallDelivery delivery = ToolCallDelivery.Whole)
    {
        _style = style;
        _newId = newId;
        _delivery = delivery;
        _opening = ToolCallStyles.Opening(style);
        _closing = ToolCallStyles.Closing(style);
        _isList = style is ToolCallStyle.Mistral or ToolCallStyle.Granite or ToolCallStyle.Nemotron;
        _mayBeList = _isList || style == ToolCallStyle.Phi;
    }

    private enum Stage
    {
        Content,

        /// <summary>Behind the opening marker.</summary>
        Opened,

        /// <summary>In a list, where a call must follow.</summary>
        Listed,

        /// <summary>In the JSON of a call.</summary>
        Call,

        /// <summary>Behind the JSON of a call.</summary>
        Closing,
    }

    /// <inheritdoc/>
    public int Calls { get; private set; }

    /// <inheritdoc/>
    public bool IsCut { get; private set; }

    /// <inheritdoc/>
    public bool IsThinking => false;

    /// <inheritdoc/>
    public bool Reads(string controlToken) => controlToken.Length > 0 && (controlToken == _opening || controlToken == _closing);

    /// <inheritdoc/>
    public void Append(ReadOnlySpan<char> text, ICollection<AnswerDelta> deltas)
    {
        Array.Resize(ref _buffer, _count + text.Length > _buffer.Length ? Math.Max(_count + text.Length, _buffer.Length * 2) : _buffer.Length);
        text.CopyTo(_buffer.AsSpan(_count));
        _count += text.Length;
        Advance(deltas, isEnd: false);
        GiveContent(deltas);
        GiveArguments(deltas);
        Forget();
    }

    /// <inheritdoc/>
    public void Complete(ICollection<AnswerDelta> deltas)
    {
        Advance(deltas, isEnd: true);
        while (_stage != Stage.Content)
        {
            EndWithin(deltas);
            Advance(deltas, isEnd: true);
        }

        _safe = _afterCall ? _safe : _count;
        GiveContent(deltas);
        (_count, _at, _safe) = (0, 0, 0);
    }

    private void Advance(ICollection<AnswerDelta> deltas, bool isEnd)
    {
        while (_at < _count)
        {
            var moved = _stage switch
            {
                Stage.Content => ReadContent(deltas, isEnd),
                Stage.Opened or Stage.Listed => ReadOpening(deltas),
                Stage.Call => ReadCall(deltas),
                _ => ReadClosing(deltas),
            };
            if (!moved)
            {
                return;
            }
        }
    }

    // False when more text must tell whether a marker stands here.
    private bool ReadContent(ICollection<AnswerDelta> deltas, bool isEnd)
    {
        var c = _buffer[_at];
        if (_opening.Length > 0 && c == _opening[0])
        {
            var rest = _buffer.AsSpan(_at, Math.Min(_count - _at, _opening.Length));
            if (_opening.AsSpan().StartsWith(rest))
            {
                if (rest.Length < _opening.Length && !isEnd)
                {
                    return false;
                }

                if (rest.Length == _opening.Length)
                {
                    Open(deltas, _opening.Length);
                    return true;
                }
            }
        }

        if (c == '{' && _fresh && _style == ToolCallStyle.Llama)
        {
            Open(deltas, 0);
            return true;
        }

        _at++;
        if (!IsGap(c))
        {
            _safe = _at;
            (_fresh, _afterCall) = (false, false);
        }

        return true;
    }

    private void Open(ICollection<AnswerDelta> deltas, int length)
    {
        GiveContent(deltas);
        _at += length;
        _retry = _at;
        _stage = Stage.Opened;
        (_inList, _listEnded) = (false, false);
        _group.Clear();
    }

    private bool ReadOpening(ICollection<AnswerDelta> deltas)
    {
        var c = _buffer[_at];
        if (c == '{' && (_stage == Stage.Listed || !_isList))
        {
            _call = new CallReader(firstKeyDecides: _style == ToolCallStyle.Llama);
            _announced = false;
            _stage = Stage.Call;
        }
        else if (c == '[' && _stage == Stage.Opened && _mayBeList)
        {
            _at++;
            _inList = true;
            _stage = Stage.Listed;
        }
        else if (JsonScanner.IsSpace(c))
        {
            _at++;
        }
        else
        {
            Fail(deltas);
        }

        return true;
    }

    private bool ReadCall(ICollection<AnswerDelta> deltas)
    {
        if (!_call.Read(_buffer.AsSpan(0, _count), _at))
        {
            Fail(deltas);
            return true;
        }

        _at++;
        if (!_announced && _delivery == ToolCallDelivery.Incremental && _call is { HasObject: true, Name.Length: > 0 })
        {
            GiveGroup(deltas);
            deltas.Add(new AnswerDelta(null, new ToolCallDelta(Calls, _call.Id ?? _newId(Calls), _call.Name, "")));
            Calls++;
            _announced = true;
            IsCut = false;
            _streamed = _call.ArgumentsStart;
        }

        if (_call.IsComplete)
        {
            EndCall(deltas);
        }

        return true;
    }

    private void EndCall(ICollection<AnswerDelta> deltas)
    {
        if (_announced)
        {
            Release(deltas, _at);
        }
        else if (_call.Arguments(_buffer) is { } arguments && (_style != ToolCallStyle.Llama || _call.HasArguments))
        {
            _group.Add((_call.Id, _call.Name!, arguments));
        }
        else
        {
            Fail(deltas);
            return;
        }

        _stage = Stage.Closing;
        if (_style == ToolCallStyle.Llama)
        {
            Commit(deltas);
        }
    }

    private bool ReadClosing(ICollection<AnswerDelta> deltas)
    {
        var c = _buffer[_at];
        if (JsonScanner.IsSpace(c))
        {
            _at++;
        }
        else if (_inList && !_listEnded && c is ',' or ']')
        {
            _at++;
            _listEnded = c == ']';
            if (c == ',')
            {
                _stage = Stage.Listed;
            }
            else if (_closing.Length == 0)
            {
                Commit(deltas);
            }
        }
        else if (_closing.Length > 0 && _inList == _listEnded && _closing.AsSpan().StartsWith(_buffer.AsSpan(_at, Math.Min(_count - _at, _closing.Length))))
        {
            if (_count - _at < _closing.Length)
            {
                return false;
            }

            _at += _closing.Length;
            Commit(deltas);
        }
        else
        {
            Fail(deltas);
        }

        return true;
    }

    // What is held makes calls: they leave, and what was written around them is dropped.
    private void Commit(ICollection<AnswerDelta> deltas)
    {
        GiveGroup(deltas);
        _stage = Stage.Content;
        Drop(_at);
        (_fresh, _afterCall) = (true, true);
    }

    // A call that was announced ends here, whole or not; what follows is judged apart from it.
    private void Release(ICollection<AnswerDelta> deltas, int end)
    {
        GiveArguments(deltas);
        _announced = false;
        Drop(end);
        _retry = 0;
    }

    // What is held makes no call: it is content, and may have others behind its marker. A call that is already leaving stays one.
    private void Fail(ICollection<AnswerDelta> deltas)
    {
        if (_announced)
        {
            IsCut = !_call.ArgumentsEnded;
            Release(deltas, _call.ArgumentsEnded ? _call.ArgumentsEnd : _at);
        }

        _stage = Stage.Content;
        _at = _retry;
        _safe = _retry;
        (_fresh, _afterCall) = (false, false);
    }

    private void EndWithin(ICollection<AnswerDelta> deltas)
    {
        if (_stage == Stage.Closing)
        {
            // Only the closing marker, or the end of it, is missing.
            _at = _count;
            Commit(deltas);
        }
        else
        {
            Fail(deltas);
        }
    }

    private void GiveGroup(ICollection<AnswerDelta> deltas)
    {
        foreach (var (id, name, arguments) in _group)
        {
            deltas.Add(new AnswerDelta(null, new ToolCallDelta(Calls, id ?? _newId(Calls), name, arguments)));
            Calls++;
        }

        _group.Clear();
    }

    private void GiveContent(ICollection<AnswerDelta> deltas)
    {
        if (_safe > 0 && _stage == Stage.Content)
        {
            deltas.Add(new AnswerDelta(new string(_buffer, 0, _safe), null));
            Drop(_safe);
        }
    }

    private void GiveArguments(ICollection<AnswerDelta> deltas)
    {
        var end = _call.ArgumentsEnded ? _call.ArgumentsEnd : _at;
        if (_announced && end > _streamed)
        {
            deltas.Add(new AnswerDelta(null, new ToolCallDelta(Calls - 1, null, null, new string(_buffer, _streamed, end - _streamed))));
            _streamed = end;
        }
    }

    // Of a call that is leaving nothing comes back, so what has left need not be kept.
    private void Forget()
    {
        if (_announced && _stage == Stage.Call && !_call.ArgumentsEnded)
        {
            Drop(_streamed);
        }
    }

    private void Drop(int count)
    {
        _buffer.AsSpan(count, _count - count).CopyTo(_buffer);
        _count -= count;
        _at -= count;
        _safe = Math.Max(0, _safe - count);
        _retry -= count;
        _streamed -= count;
    }

    private bool IsGap(char c) => char.IsWhiteSpace(c) || (c == ';' && _afterCall && _style == ToolCallStyle.Llama);
}
