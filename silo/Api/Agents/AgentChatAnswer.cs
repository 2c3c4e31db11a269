using System.Text;
using System.Text.Json;
using Crescent.Agents.Tasks;
using Crescent.Grains.Contracts.Agents;
using Crescent.Silo.Api.Wire;
using Crescent.Silo.Configuration;

namespace Crescent.Silo.Api.Agents;

/// <summary>
/// The answer of a task in the form of a chat: a line of <c>reasoning_content</c> for each step that has finished, then the answer as <c>content</c>; <c>usage</c> is the
/// task's bill.
/// </summary>
internal sealed class AgentChatAnswer : IDisposable
{
    /// <summary>Characters of a step's text in its line, from the end.</summary>
    private const int MaxLine = 160;

    private readonly HttpContext _http;
    private readonly AgentChatFields _fields;
    private readonly string _id;
    private readonly long _created;
    private readonly EventStream? _events;
    private readonly StringBuilder _reasoning = new();
    private JsonDocument? _done;

    /// <summary>Begins it; a stream is opened at once.</summary>
    public AgentChatAnswer(HttpContext http, AgentChatFields fields, string id, DateTimeOffset created)
    {
        _http = http;
        _fields = fields;
        _id = id;
        _created = created.ToUnixTimeSeconds();
        if (fields.Stream)
        {
            _events = new EventStream(http.Response);
            Write(static json => json.WriteString("role"u8, "assistant"u8), null);
        }
    }

    private JsonElement Done => _done!.RootElement;

    private string? Cause => Text(Done, "cause");

    /// <summary>Takes what is heard of the task; null that it goes on.</summary>
    public async Task Tell(AgentEvent? news)
    {
        if (news is null)
        {
            _events?.Comment();
        }
        else if (news.Kind == NoteKinds.Done)
        {
            _done = JsonDocument.Parse(news.Json);
            return;
        }
        else if (Line(news) is { } line)
        {
            if (_events is null)
            {
                _reasoning.Append(line);
            }
            else
            {
                Write(json => json.WriteString("reasoning_content"u8, line), null);
            }
        }

        if (_events is not null)
        {
            await _events.Flush(_http.RequestAborted);
        }
    }

    /// <summary>Ends it with what the task has come to.</summary>
    /// <exception cref="ApiException">It has come to nothing.</exception>
    public async Task End()
    {
        if (_done is null)
        {
            throw ApiException.Unavailable($"The task {_id} cannot be followed now; GET /v1/agents/{_id} tells how it stands.");
        }

        var content = Text(Done, "answer") ?? Text(Done, "answer_text") ?? (Cause == "budget" ? "" : throw Fault());
        var reason = Cause is "budget" or "deadline" ? "length" : "stop";
        if (_events is null)
        {
            await SendWhole(content, reason);
            return;
        }

        Write(json => json.WriteString("content"u8, content), null);
        Write(static _ => { }, reason);
        if (_fields.IncludeUsage)
        {
            var json = Head(_events.Begin(), "chat.completion.chunk"u8);
            json.WriteEndArray();
            WriteBill(json);
            json.WriteEndObject();
            _events.End();
        }

        _events.Done();
        await _events.Flush(_http.RequestAborted);
    }

    public void Dispose()
    {
        _events?.Dispose();
        _done?.Dispose();
    }

    /// <summary>A line about something that has happened; null where it is not told.</summary>
    private static string? Line(AgentEvent news)
    {
        if (news.Kind is not (NoteKinds.StepFinished or NoteKinds.Approval))
        {
            return null;
        }

        using var json = JsonDocument.Parse(news.Json);
        var told = json.RootElement;
        var label = Text(told, "label") ?? Text(told, "step");
        if (news.Kind == NoteKinds.Approval)
        {
            return $"{label}: waits for approval; POST /v1/agents/{Text(told, "task")}/approve with the hash {Text(told, "hash")}\n";
        }

        var outcome = Text(told, "outcome");
        var text = (Text(told, "text") ?? "").ReplaceLineEndings(" ").Trim();
        return $"{label}{(outcome is null or "done" ? "" : $" ({outcome})")}: {(text.Length <= MaxLine ? text : "…" + text[^MaxLine..])}\n";
    }

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private ApiException Fault() => Cause switch
    {
        "deadline" => ApiException.DeadlineExceeded("The deadline passed before the task had an answer."),
        "cancelled" => new ApiException(StatusCodes.Status409Conflict, ApiException.InvalidRequest, $"The task {_id} was cancelled.", code: "task_cancelled"),
        var why => new ApiException(StatusCodes.Status502BadGateway, ApiException.ServerError, $"The task {_id} failed: {why}", code: "task_failed"),
    };

    private async Task SendWhole(string content, string reason)
    {
        using var body = new MemoryStream();
        using (var writer = new Utf8JsonWriter(body, ApiJson.Writer))
        {
            var json = Head(writer, "chat.completion"u8);
            json.WriteStartObject();
            json.WriteNumber("index"u8, 0);
            json.WriteStartObject("message"u8);
            json.WriteString("role"u8, "assistant"u8);
            json.WriteString("content"u8, content);
            json.WriteString("reasoning_content"u8, _reasoning.ToString());
            json.WriteNull("refusal"u8);
            json.WriteEndObject();
            json.WriteNull("logprobs"u8);
            json.WriteString("finish_reason"u8, reason);
            json.WriteEndObject();
            json.WriteEndArray();
            WriteBill(json);
            json.WriteEndObject();
        }

        _http.Response.ContentType = "application/json; charset=utf-8";
        _http.Response.ContentLength = body.Length;
        await _http.Response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length), _http.RequestAborted);
    }

    private void Write(Action<Utf8JsonWriter> delta, string? reason)
    {
        var json = Head(_events!.Begin(), "chat.completion.chunk"u8);
        json.WriteStartObject();
        json.WriteNumber("index"u8, 0);
        json.WriteStartObject("delta"u8);
        delta(json);
        json.WriteEndObject();
        json.WriteNull("logprobs"u8);
        json.WriteString("finish_reason"u8, reason);
        json.WriteEndObject();
        json.WriteEndArray();
        if (_fields.IncludeUsage)
        {
            json.WriteNull("usage"u8);
        }

        json.WriteEndObject();
        _events.End();
    }

    // Leaves the array of choices open.
    private Utf8JsonWriter Head(Utf8JsonWriter json, ReadOnlySpan<byte> kind)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, _id);
        json.WriteString("object"u8, kind);
        json.WriteNumber("created"u8, _created);
        json.WriteString("model"u8, _fields.Name);
        json.WriteString("system_fingerprint"u8, ProductVersion.Fingerprint);
        json.WriteStartArray("choices"u8);
        return json;
    }

    /// <summary>Writes <c>usage</c>, and under <c>crescent</c> what OpenAI's has no place for.</summary>
    private void WriteBill(Utf8JsonWriter json)
    {
        var bill = Done.GetProperty("bill");
        var prompt = bill.GetProperty("prompt_tokens").GetInt64();
        var output = bill.GetProperty("output_tokens").GetInt64();
        json.WriteStartObject("usage"u8);
        json.WriteNumber("prompt_tokens"u8, prompt);
        json.WriteNumber("completion_tokens"u8, output);
        json.WriteNumber("total_tokens"u8, prompt + output);
        json.WriteStartObject("prompt_tokens_details"u8);
        json.WriteNumber("cached_tokens"u8, bill.GetProperty("cached_tokens").GetInt64());
        json.WriteEndObject();
        json.WritePropertyName("crescent"u8);
        bill.WriteTo(json);
        json.WriteEndObject();
        json.WriteStartObject("crescent"u8);
        json.WriteString("task"u8, _id);
        json.WriteString("cause"u8, Cause);
        if (Done.TryGetProperty("confidence", out var confidence))
        {
            json.WritePropertyName("confidence"u8);
            confidence.WriteTo(json);
        }

        json.WriteEndObject();
    }
}
