using System.Text;
using System.Text.Json;
using Crescent.Client.Load.Measures;

namespace Crescent.Client.Load.Wire;

/// <summary>
/// What is measured of one answer while it comes. A chunk is an event with text, with what the model thought, or with a piece of a call; events without any (the opening role, the
/// end, the usage) are none. Reads JSON by tokens, and allocates nothing but for an error.
/// </summary>
internal sealed class AnswerReader : IBodySink
{
    private const int MostText = 64 << 10;
    private const int MostBody = 16 << 20;

    private readonly EventLines _lines = new();
    private readonly EventLines.DataHandler _handler;
    private byte[] _body = [];
    private int _bodyLength;
    private bool _isEventStream;

    // What one event says.
    private bool _content;
    private bool _reasoning;
    private int _tokensTold;
    private bool _delta;
    private ResponseEventKind _kind;

    public AnswerReader() => _handler = Event;

    /// <summary>When what is being fed was received, in ticks.</summary>
    public long Now { get; set; }

    /// <summary>Where gaps between chunks are counted; null while nothing is measured.</summary>
    public Histogram? Gaps { get; set; }

    /// <summary>Status of HTTP; 0 before the head.</summary>
    public int Status { get; private set; }

    /// <summary>When the first chunk came, thoughts included; 0 for none. So the next ones.</summary>
    public long First { get; private set; }

    /// <summary>When the second chunk came.</summary>
    public long Second { get; private set; }

    /// <summary>When the first chunk came that is no thought.</summary>
    public long FirstOutput { get; private set; }

    /// <summary>When the last chunk came.</summary>
    public long Last { get; private set; }

    /// <summary>Chunks.</summary>
    public int Chunks { get; private set; }

    /// <summary>Chunks that are thoughts alone.</summary>
    public int ReasoningChunks { get; private set; }

    /// <summary>Tokens that chunks told by ids or logprobs; 0 where they tell none.</summary>
    public int ToldTokens { get; private set; }

    /// <summary>The server's usage; null where it tells none.</summary>
    public ServerUsage Usage { get; private set; }

    /// <summary>Whether the server told its usage.</summary>
    public bool HasUsage { get; private set; }

    /// <summary>Whether the answer says that it is whole: <c>[DONE]</c>, or a whole body.</summary>
    public bool Whole { get; private set; }

    /// <summary>An error in the stream, or of a status; null for none.</summary>
    public string? Error { get; private set; }

    /// <summary>Where the text of the answer goes; null where nobody wants it.</summary>
    public StringBuilder? Text { get; set; }

    /// <summary>Makes ready for the next answer.</summary>
    public void Reset()
    {
        _lines.Reset();
        _bodyLength = 0;
        (Status, First, Second, FirstOutput, Last, Chunks, ReasoningChunks, ToldTokens) = (0, 0, 0, 0, 0, 0, 0, 0);
        (Usage, HasUsage, Whole, Error, Text, Gaps) = (default, false, false, null, null, null);
    }

    public void Begin(int status, bool isEventStream)
    {
        Status = status;
        _isEventStream = isEventStream && status == 200;
    }

    public void Body(ReadOnlySpan<byte> bytes)
    {
        if (_isEventStream)
        {
            _lines.Feed(bytes, _handler);
            return;
        }

        if (_bodyLength + bytes.Length > MostBody)
        {
            throw new FormatException($"its body has more than {MostBody} bytes");
        }

        if (_bodyLength + bytes.Length > _body.Length)
        {
            Array.Resize(ref _body, Math.Max(_body.Length * 2, _bodyLength + bytes.Length));
        }

        bytes.CopyTo(_body.AsSpan(_bodyLength));
        _bodyLength += bytes.Length;
    }

    /// <summary>The transport says that the answer is whole.</summary>
    public void End()
    {
        if (_isEventStream)
        {
            return;
        }

        if (Status == 200)
        {
            Event(_body.AsSpan(0, _bodyLength));
            Whole = Error is null;
        }
        else
        {
            Error = Encoding.UTF8.GetString(_body.AsSpan(0, Math.Min(_bodyLength, 500)));
        }
    }

    private void Event(ReadOnlySpan<byte> data)
    {
        if (data.SequenceEqual("[DONE]"u8))
        {
            Whole = true;
            return;
        }

        (_content, _reasoning, _tokensTold, _delta, _kind) = (false, false, 0, false, ResponseEventKind.Other);
        try
        {
            var json = new Utf8JsonReader(data);
            Read(ref json);
            _content |= _delta && _kind == ResponseEventKind.Output;
            _reasoning |= _delta && _kind == ResponseEventKind.Thought;
            Whole |= _kind == ResponseEventKind.End;
            Error ??= _kind == ResponseEventKind.Failure ? "an error without words" : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            Error ??= $"malformed: an event is no JSON of an answer: {e.Message}";
            return;
        }

        if (_content || _reasoning)
        {
            Chunk();
        }
    }

    private void Chunk()
    {
        if (Chunks == 0)
        {
            First = Now;
        }
        else
        {
            Second = Chunks == 1 ? Now : Second;
            Gaps?.Record(Now - Last);
        }

        if (_content && FirstOutput == 0)
        {
            FirstOutput = Now;
        }

        Last = Now;
        Chunks++;
        ReasoningChunks += _content ? 0 : 1;
        ToldTokens += _tokensTold;
    }

    private void Read(ref Utf8JsonReader json)
    {
        json.Read();
        if (json.TokenType != JsonTokenType.StartObject)
        {
            throw new FormatException("it is no object");
        }

        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("choices"u8))
            {
                Choices(ref json);
            }
            else if (json.ValueTextEquals("usage"u8))
            {
                json.Read();
                if (json.TokenType == JsonTokenType.StartObject)
                {
                    Usage = ServerUsage.Read(ref json);
                    HasUsage = true;
                }
            }
            else if (json.ValueTextEquals("error"u8))
            {
                Error ??= AnswerJson.Error(ref json);
            }
            else if (json.ValueTextEquals("type"u8))
            {
                _kind = ResponseEvent.Kind(ref json);
            }
            else if (json.ValueTextEquals("delta"u8))
            {
                _delta = HasText(ref json);
            }
            else if (json.ValueTextEquals("response"u8))
            {
                json.Read();
                if (json.TokenType == JsonTokenType.StartObject)
                {
                    Response(ref json);
                }
            }
            else if (json.ValueTextEquals("output"u8))
            {
                Output(ref json);
            }
            else
            {
                json.Skip();
            }
        }
    }

    /// <summary>The answer as an event of <c>/v1/responses</c> has it: its usage at the end, and what was wrong.</summary>
    private void Response(ref Utf8JsonReader json)
    {
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("usage"u8))
            {
                json.Read();
                if (json.TokenType == JsonTokenType.StartObject)
                {
                    Usage = ServerUsage.Read(ref json);
                    HasUsage = true;
                }
            }
            else if (json.ValueTextEquals("error"u8))
            {
                Error ??= AnswerJson.Error(ref json);
            }
            else
            {
                json.Skip();
            }
        }
    }

    /// <summary>What a whole answer of <c>/v1/responses</c> has put out.</summary>
    private void Output(ref Utf8JsonReader json)
    {
        json.Read();
        if (json.TokenType == JsonTokenType.StartArray)
        {
            while (json.Read() && json.TokenType != JsonTokenType.EndArray)
            {
                json.Skip();
                _content = true;
            }
        }
    }

    private void Choices(ref Utf8JsonReader json)
    {
        json.Read();
        if (json.TokenType != JsonTokenType.StartArray)
        {
            json.Skip();
            return;
        }

        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            Choice(ref json);
        }
    }

    private void Choice(ref Utf8JsonReader json)
    {
        if (json.TokenType != JsonTokenType.StartObject)
        {
            json.Skip();
            return;
        }

        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("delta"u8) || json.ValueTextEquals("message"u8))
            {
                json.Read();
                Delta(ref json);
            }
            else if (json.ValueTextEquals("text"u8))
            {
                _content |= HasText(ref json);
            }
            else if (json.ValueTextEquals("token_ids"u8))
            {
                _tokensTold += AnswerJson.Count(ref json);
            }
            else
            {
                json.Skip();
            }
        }
    }

    private void Delta(ref Utf8JsonReader json)
    {
        if (json.TokenType != JsonTokenType.StartObject)
        {
            json.Skip();
            return;
        }

        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("content"u8) || json.ValueTextEquals("refusal"u8))
            {
                _content |= HasText(ref json);
            }
            else if (json.ValueTextEquals("reasoning_content"u8) || json.ValueTextEquals("reasoning"u8) || json.ValueTextEquals("thinking"u8))
            {
                _reasoning |= HasText(ref json);
            }
            else if (json.ValueTextEquals("tool_calls"u8))
            {
                json.Read();
                _content |= json.TokenType == JsonTokenType.StartArray;
                json.Skip();
            }
            else
            {
                json.Skip();
            }
        }
    }

    private bool HasText(ref Utf8JsonReader json)
    {
        json.Read();
        if (json.TokenType != JsonTokenType.String)
        {
            json.Skip();
            return false;
        }

        if (Text is { Length: < MostText } text)
        {
            text.Append(json.GetString());
        }

        return json.ValueSpan.Length > 0;
    }
}
