using System.Text;
using System.Text.Json;
using Crescent.Engine.Model.ToolCalls;
using Crescent.Grains.Requests;
using Crescent.Silo.Api.OpenAi;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.Messages;

/// <summary>An answer as Anthropic's message: blocks of what the model thinks, says and calls, one after the other.</summary>
/// <param name="source">The answer.</param>
/// <param name="request">What was asked for.</param>
/// <param name="tellsThoughts">Whether what the model thinks is told.</param>
internal sealed class MessageForm(AnswerSource source, PreparedRequest request, bool tellsThoughts) : IDialectForm
{
    private readonly List<Block> _blocks = [];
    private bool _isOpen;
    private AnswerEnd? _end;

    public void Beat(EventStream events) => events.Beat("event: ping\ndata: {\"type\":\"ping\"}\n\n"u8);

    public void Begin(EventStream? events)
    {
        if (Open(events, "message_start") is { } json)
        {
            json.WriteStartObject("message"u8);
            WriteHead(json);
            json.WriteStartArray("content"u8);
            json.WriteEndArray();
            json.WriteNull("stop_reason"u8);
            json.WriteNull("stop_sequence"u8);
            WriteUsage(json, null);
            json.WriteEndObject();
            Close(events!);
        }
    }

    public void Add(in AnswerDelta delta, EventStream? events)
    {
        if (delta.Call is { } call)
        {
            if (call.Id is not null)
            {
                OpenBlock(new Block("tool_use", call.Id, call.Name), events);
            }

            Write(call.Arguments, events);
        }
        else if (delta.Thought is { } thought)
        {
            if (tellsThoughts)
            {
                Continue("thinking", thought, events);
            }
        }
        else if (delta.Content is { Length: > 0 } content)
        {
            Continue("text", content, events);
        }
    }

    public ValueTask End(AnswerEnd end, EventStream? events)
    {
        _end = end;
        CloseBlock(events);
        if (Open(events, "message_delta") is { } json)
        {
            json.WriteStartObject("delta"u8);
            json.WriteString("stop_reason"u8, Reason(end));
            json.WriteString("stop_sequence"u8, end.Stop);
            json.WriteEndObject();
            WriteUsage(json, end.Usage);
            AnswerOwn.Write(json, request, end.Cut);
            Close(events!);
            Open(events, "message_stop");
            Close(events!);
        }

        return ValueTask.CompletedTask;
    }

    public void WriteWhole(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        WriteHead(json);
        json.WriteStartArray("content"u8);
        foreach (var block in _blocks)
        {
            json.WriteStartObject();
            block.Write(json, source.Id);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("stop_reason"u8, Reason(_end!));
        json.WriteString("stop_sequence"u8, _end!.Stop);
        WriteUsage(json, _end.Usage);
        AnswerOwn.Write(json, request, _end.Cut);
        json.WriteEndObject();
    }

    private static string Reason(AnswerEnd end) => end switch
    {
        { Reason: "length" } => "max_tokens",
        { Reason: "tool_calls" } => "tool_use",
        { Stop: not null } => "stop_sequence",
        _ => "end_turn",
    };

    private void Continue(string kind, string text, EventStream? events)
    {
        if (!_isOpen || _blocks[^1].Kind != kind)
        {
            OpenBlock(new Block(kind, null, null), events);
        }

        Write(text, events);
    }

    private void OpenBlock(Block block, EventStream? events)
    {
        CloseBlock(events);
        _blocks.Add(block);
        _isOpen = true;
        if (Open(events, "content_block_start") is { } json)
        {
            json.WriteNumber("index"u8, _blocks.Count - 1);
            json.WriteStartObject("content_block"u8);
            block.Write(json, "");
            json.WriteEndObject();
            Close(events!);
        }
    }

    private void Write(string text, EventStream? events)
    {
        if (text.Length == 0)
        {
            return;
        }

        var block = _blocks[^1];
        block.Text.Append(text);
        WriteDelta(block.DeltaType, block.DeltaName, text, events);
    }

    private void WriteDelta(string type, string name, string text, EventStream? events)
    {
        if (Open(events, "content_block_delta") is { } json)
        {
            json.WriteNumber("index"u8, _blocks.Count - 1);
            json.WriteStartObject("delta"u8);
            json.WriteString("type"u8, type);
            json.WriteString(name, text);
            json.WriteEndObject();
            Close(events!);
        }
    }

    private void CloseBlock(EventStream? events)
    {
        if (!_isOpen)
        {
            return;
        }

        _isOpen = false;
        if (_blocks[^1].Kind == "thinking")
        {
            // Nobody here checks it; clients leave thoughts without one out of the next request.
            WriteDelta("signature_delta", "signature", source.Id, events);
        }

        if (Open(events, "content_block_stop") is { } json)
        {
            json.WriteNumber("index"u8, _blocks.Count - 1);
            Close(events!);
        }
    }

    private static Utf8JsonWriter? Open(EventStream? events, string type)
    {
        var json = events?.Begin(type);
        json?.WriteStartObject();
        json?.WriteString("type"u8, type);
        return json;
    }

    private static void Close(EventStream events) => events.EndObject();

    private void WriteHead(Utf8JsonWriter json)
    {
        json.WriteString("id"u8, source.Id);
        json.WriteString("type"u8, "message"u8);
        json.WriteString("role"u8, "assistant"u8);
        json.WriteString("model"u8, request.Model.Id);
    }

    // Anthropic's input tokens are those that no cache had.
    private void WriteUsage(Utf8JsonWriter json, AnswerUsage? usage)
    {
        json.WriteStartObject("usage"u8);
        json.WriteNumber("input_tokens"u8, usage is null ? request.Prompts[0].Length : usage.PromptTokens - usage.CachedTokens);
        json.WriteNumber("cache_creation_input_tokens"u8, 0);
        json.WriteNumber("cache_read_input_tokens"u8, usage?.CachedTokens ?? 0);
        json.WriteNumber("output_tokens"u8, usage?.CompletionTokens ?? 0);
        if (usage is not null)
        {
            json.WriteStartObject("output_tokens_details"u8);
            json.WriteNumber("thinking_tokens"u8, usage.ThoughtTokens);
            json.WriteEndObject();
            usage.WriteOwn(json);
        }

        json.WriteEndObject();
    }

    private sealed class Block(string kind, string? id, string? name)
    {
        public string Kind => kind;

        public StringBuilder Text { get; } = new();

        public string DeltaType => kind switch
        {
            "text" => "text_delta",
            "thinking" => "thinking_delta",
            _ => "input_json_delta",
        };

        public string DeltaName => kind == "tool_use" ? "partial_json" : kind;

        public void Write(Utf8JsonWriter json, string signature)
        {
            json.WriteString("type"u8, kind);
            switch (kind)
            {
                case "text":
                    json.WriteString("text"u8, Text.ToString());
                    break;
                case "thinking":
                    json.WriteString("thinking"u8, Text.ToString());
                    json.WriteString("signature"u8, signature);
                    break;
                default:
                    json.WriteString("id"u8, id);
                    json.WriteString("name"u8, name);
                    json.WritePropertyName("input"u8);
                    WriteInput(json, Text.ToString());
                    break;
            }
        }

        // A call that was cut off has no whole arguments; its stop reason says so.
        private static void WriteInput(Utf8JsonWriter json, string arguments)
        {
            try
            {
                using var input = JsonDocument.Parse(arguments.Length == 0 ? "{}" : arguments);
                input.RootElement.WriteTo(json);
            }
            catch (JsonException)
            {
                json.WriteStartObject();
                json.WriteEndObject();
            }
        }
    }
}
