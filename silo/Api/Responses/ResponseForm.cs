using System.Text.Json;
using Crescent.Engine.Model.ToolCalls;
using Crescent.Grains.Requests;
using Crescent.Silo.Api.OpenAi;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.Responses;

/// <summary>An answer as a response of the Responses API: items of what the model thinks, says and calls, one after the other.</summary>
/// <param name="source">The answer.</param>
/// <param name="request">What was asked for.</param>
/// <param name="echo">What is told of the request.</param>
/// <param name="tellsThoughts">Whether what the model thinks is told.</param>
/// <param name="keep">Keeps the whole for the turn behind it, and says whether it has; null where it is not to be kept.</param>
internal sealed class ResponseForm(
    AnswerSource source, PreparedRequest request, ResponseEcho echo, bool tellsThoughts, Func<string, byte[], Task<bool>>? keep) : IDialectForm
{
    private readonly List<ResponseItem> _items = [];
    private bool _isOpen;
    private int _number;
    private AnswerEnd? _end;
    private bool _isKept = keep is not null;

    public void Begin(EventStream? events)
    {
        foreach (var type in (ReadOnlySpan<string>)["response.created", "response.in_progress"])
        {
            TellWhole(events, type);
        }
    }

    public void Add(in AnswerDelta delta, EventStream? events)
    {
        if (delta.Call is { } call)
        {
            if (call.Id is not null)
            {
                Open(new ResponseItem("function_call", NewId("fc"), call.Id, call.Name), events);
            }

            Write(call.Arguments, events);
        }
        else if (delta.Thought is { } thought)
        {
            if (tellsThoughts)
            {
                Continue("reasoning", "rs", thought, events);
            }
        }
        else if (delta.Content is { Length: > 0 } content)
        {
            Continue("message", "msg", content, events);
        }
    }

    public async ValueTask End(AnswerEnd end, EventStream? events)
    {
        _end = end;
        Close(events, end.Reason == "length" ? "incomplete" : "completed");
        if (keep is not null)
        {
            using var body = new MemoryStream();
            using (var json = new Utf8JsonWriter(body, ApiJson.Writer))
            {
                WriteWhole(json);
            }

            _isKept = await keep(source.Id, body.ToArray());
        }

        TellWhole(events, $"response.{Status}");
    }

    private string Status => _end is null ? "in_progress" : _end.Reason == "length" ? "incomplete" : "completed";

    public void WriteWhole(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, source.Id);
        json.WriteString("object"u8, "response"u8);
        json.WriteNumber("created_at"u8, source.Created);
        json.WriteString("status"u8, Status);
        json.WriteNull("error"u8);
        if (_end is { Reason: "length" })
        {
            json.WriteStartObject("incomplete_details"u8);
            json.WriteString("reason"u8, "max_output_tokens"u8);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("incomplete_details"u8);
        }

        json.WriteString("model"u8, request.Model.Id);
        json.WriteStartArray("output"u8);
        foreach (var item in _items)
        {
            item.Write(json);
        }

        json.WriteEndArray();
        json.WriteBoolean("store"u8, _isKept);
        echo.Write(json);
        WriteUsage(json);
        AnswerOwn.Write(json, request, _end?.Cut);
        json.WriteEndObject();
    }

    private string NewId(string prefix) => $"{prefix}_{source.PartId($"item/{_items.Count}")}";

    private void Continue(string kind, string prefix, string text, EventStream? events)
    {
        if (!_isOpen || _items[^1].Kind != kind)
        {
            Open(new ResponseItem(kind, NewId(prefix)), events);
        }

        Write(text, events);
    }

    private void Open(ResponseItem item, EventStream? events)
    {
        Close(events, "completed");
        _items.Add(item);
        _isOpen = true;
        if (Tell(events, "response.output_item.added") is { } json)
        {
            json.WriteNumber("output_index"u8, _items.Count - 1);
            json.WritePropertyName("item"u8);
            item.Write(json, isOpening: true);
            events!.EndObject();
        }

        TellPart(events, "response.content_part.added");
    }

    private void Write(string text, EventStream? events)
    {
        if (text.Length == 0)
        {
            return;
        }

        var item = _items[^1];
        item.Text.Append(text);
        if (TellOfItem(events, item.EventName + ".delta") is { } json)
        {
            json.WriteString("delta"u8, text);
            WriteNoLogprobs(json, item);
            events!.EndObject();
        }
    }

    private void Close(EventStream? events, string status)
    {
        if (!_isOpen)
        {
            return;
        }

        _isOpen = false;
        var item = _items[^1];
        if (TellOfItem(events, item.EventName + ".done") is { } json)
        {
            if (item.Name is not null)
            {
                json.WriteString("name"u8, item.Name);
            }

            json.WriteString(item.HasPart ? "text"u8 : "arguments"u8, item.Text.ToString());
            WriteNoLogprobs(json, item);
            events!.EndObject();
        }

        TellPart(events, "response.content_part.done");
        item.Status = status;
        if (Tell(events, "response.output_item.done") is { } done)
        {
            done.WriteNumber("output_index"u8, _items.Count - 1);
            done.WritePropertyName("item"u8);
            item.Write(done);
            events!.EndObject();
        }
    }

    private void TellPart(EventStream? events, string type)
    {
        if (_items[^1].HasPart && TellOfItem(events, type) is { } json)
        {
            json.WritePropertyName("part"u8);
            _items[^1].WritePart(json);
            events!.EndObject();
        }
    }

    private void TellWhole(EventStream? events, string type)
    {
        if (Tell(events, type) is { } json)
        {
            json.WritePropertyName("response"u8);
            WriteWhole(json);
            events!.EndObject();
        }
    }

    private Utf8JsonWriter? TellOfItem(EventStream? events, string type)
    {
        var json = Tell(events, type);
        json?.WriteString("item_id"u8, _items[^1].Id);
        json?.WriteNumber("output_index"u8, _items.Count - 1);
        if (_items[^1].HasPart)
        {
            json?.WriteNumber("content_index"u8, 0);
        }

        return json;
    }

    private Utf8JsonWriter? Tell(EventStream? events, string type)
    {
        var json = events?.Begin(type);
        json?.WriteStartObject();
        json?.WriteString("type"u8, type);
        json?.WriteNumber("sequence_number"u8, _number++);
        return json;
    }

    private static void WriteNoLogprobs(Utf8JsonWriter json, ResponseItem item)
    {
        if (item.Kind == "message")
        {
            json.WriteStartArray("logprobs"u8);
            json.WriteEndArray();
        }
    }

    private void WriteUsage(Utf8JsonWriter json)
    {
        if (_end is not { Usage: var usage })
        {
            json.WriteNull("usage"u8);
            return;
        }

        json.WriteStartObject("usage"u8);
        json.WriteNumber("input_tokens"u8, usage.PromptTokens);
        json.WriteStartObject("input_tokens_details"u8);
        json.WriteNumber("cached_tokens"u8, usage.CachedTokens);
        json.WriteEndObject();
        json.WriteNumber("output_tokens"u8, usage.CompletionTokens);
        json.WriteStartObject("output_tokens_details"u8);
        json.WriteNumber("reasoning_tokens"u8, usage.ThoughtTokens);
        json.WriteEndObject();
        json.WriteNumber("total_tokens"u8, usage.PromptTokens + usage.CompletionTokens);
        usage.WriteOwn(json);
        json.WriteEndObject();
    }
}
