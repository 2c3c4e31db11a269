using System.Text;
using System.Text.Json;

namespace Crescent.Engine.Model.ToolCalls;

/// <summary>
/// <see cref="ToolCallStyle.Harmony"/> (https://cookbook.openai.com/articles/openai-harmony): an answer is messages, each with a header that says its channel and,
/// of a call, to whom it goes. What is in the channel <c>analysis</c> is thought, a message to a function is a call, which leaves when it is whole, and all else
/// is content. An answer that begins without a header is content.
/// </summary>
/// <param name="newId">The id of a call from its index.</param>
public sealed class HarmonyParser(Func<int, string> newId) : IAnswerParser
{
    private const string Message = "<|message|>";
    private const string Channel = "<|channel|>";
    private const string FunctionPrefix = "functions.";

    // A header is some words: what is longer, without an end, is text.
    private const int LongestHeader = 1024;

    private static readonly string[] Marks = ["<|start|>", Channel, Message, "<|constrain|>", "<|end|>", "<|call|>", "<|return|>"];
    private static readonly string[] Closings = ["<|end|>", "<|call|>", "<|return|>"];
    private static readonly string[] Ends = ["<|end|>", "<|call|>", "<|return|>", "<|start|>", Channel];

    private readonly StringBuilder _arguments = new();
    private string _held = "";
    private Stage _stage;
    private string? _function;

    private enum Stage
    {
        Begin,
        Header,
        Thought,
        Content,
        Call,
    }

    /// <inheritdoc/>
    public int Calls { get; private set; }

    /// <inheritdoc/>
    public bool IsCut => false;

    /// <inheritdoc/>
    public bool IsThinking => _stage == Stage.Thought;

    /// <inheritdoc/>
    public bool Reads(string controlToken) => Array.IndexOf(Marks, controlToken) >= 0;

    /// <inheritdoc/>
    public void Append(ReadOnlySpan<char> text, ICollection<AnswerDelta> deltas)
    {
        _held = string.Concat(_held, text);
        while (Advance(deltas, isEnd: false))
        {
        }
    }

    /// <inheritdoc/>
    public void Complete(ICollection<AnswerDelta> deltas)
    {
        while (Advance(deltas, isEnd: true))
        {
        }

        EndMessage(deltas);
        _held = "";
    }

    // False when more text must tell.
    private bool Advance(ICollection<AnswerDelta> deltas, bool isEnd)
    {
        if (_held.Length == 0)
        {
            return false;
        }

        switch (_stage)
        {
            case Stage.Begin:
                if (!isEnd && Marks.Any(mark => mark.StartsWith(_held, StringComparison.Ordinal) && mark != _held))
                {
                    return false;
                }

                _stage = Marks.Any(mark => _held.StartsWith(mark, StringComparison.Ordinal)) ? Stage.Header : Stage.Content;
                return true;
            case Stage.Header:
                if (Array.Find(Closings, mark => _held.StartsWith(mark, StringComparison.Ordinal)) is { } closing)
                {
                    // What stands behind may be another header, or text without one.
                    _held = _held[closing.Length..];
                    _stage = Stage.Begin;
                    return true;
                }

                var message = _held.IndexOf(Message, StringComparison.Ordinal);
                if (message < 0)
                {
                    _stage = _held.Length > LongestHeader ? Stage.Content : Stage.Header;
                    return _stage == Stage.Content;
                }

                Begin(_held[..message]);
                _held = _held[(message + Message.Length)..];
                return true;
            default:
                return ReadBody(deltas, isEnd);
        }
    }

    private bool ReadBody(ICollection<AnswerDelta> deltas, bool isEnd)
    {
        var end = Ends.Select(mark => _held.IndexOf(mark, StringComparison.Ordinal)).Where(static at => at >= 0).DefaultIfEmpty(-1).Min();
        var certain = end >= 0 ? end : isEnd ? _held.Length : _held.Length - LongestBeginning(_held);
        if (certain > 0)
        {
            Give(_held[..certain], deltas);
            _held = _held[certain..];
        }

        if (end < 0)
        {
            return false;
        }

        // The mark stays: it closes the message, or is a part of the next header.
        EndMessage(deltas);
        _stage = Stage.Header;
        return true;
    }

    /// <summary>What a header says: <c>&lt;|channel|&gt;commentary to=functions.f &lt;|constrain|&gt;json</c>, or the recipient before the channel.</summary>
    private void Begin(string header)
    {
        var at = header.LastIndexOf(Channel, StringComparison.Ordinal);
        var channel = at < 0 ? "" : Word(header, at + Channel.Length);
        at = header.IndexOf("to=", StringComparison.Ordinal);
        var recipient = at < 0 ? "" : Word(header, at + "to=".Length);
        _function = recipient.StartsWith(FunctionPrefix, StringComparison.Ordinal) ? recipient[FunctionPrefix.Length..] : recipient;
        _stage = _function.Length > 0 && _function != "assistant" ? Stage.Call : channel == "analysis" ? Stage.Thought : Stage.Content;
        _arguments.Clear();
    }

    private void Give(string text, ICollection<AnswerDelta> deltas)
    {
        switch (_stage)
        {
            case Stage.Call:
                _arguments.Append(text);
                break;
            case Stage.Thought:
                deltas.Add(new AnswerDelta(null, null, text));
                break;
            default:
                deltas.Add(new AnswerDelta(text, null));
                break;
        }
    }

    private void EndMessage(ICollection<AnswerDelta> deltas)
    {
        if (_stage != Stage.Call)
        {
            return;
        }

        _stage = Stage.Header;
        var arguments = _arguments.ToString().Trim();
        if (arguments.Length == 0 || IsObject(arguments))
        {
            deltas.Add(new AnswerDelta(null, new ToolCallDelta(Calls, newId(Calls), _function!, arguments.Length == 0 ? "{}" : arguments)));
            Calls++;
        }
        else
        {
            deltas.Add(new AnswerDelta(arguments, null));
        }
    }

    private static bool IsObject(string text)
    {
        try
        {
            using var read = JsonDocument.Parse(text);
            return read.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static string Word(string text, int from)
    {
        var end = from;
        while (end < text.Length && !char.IsWhiteSpace(text[end]) && text[end] != '<')
        {
            end++;
        }

        return text[from..end];
    }

    private static int LongestBeginning(string text)
    {
        var at = text.LastIndexOf('<');
        return at >= 0 && Array.Exists(Ends, mark => mark.AsSpan().StartsWith(text.AsSpan(at))) ? text.Length - at : 0;
    }
}
