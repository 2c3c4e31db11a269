using System.Text;
using System.Text.Json;
using Crescent.Grains.Serving;

namespace Crescent.Silo.Http;

/// <summary>Runs the generations of a request and sends the answer, whole or as events.</summary>
/// <param name="service">Generates.</param>
/// <param name="format">The endpoint's own part of the answer.</param>
/// <param name="model">Named in the answer.</param>
/// <param name="time">For the time of creation and the first wait.</param>
internal sealed class CompletionAnswer(IGenerationService service, IAnswerFormat format, ServedModel model, TimeProvider time)
{
    /// <summary>
    /// A stream's status is held back for so long, to let a refusal be one; after it the answer begins, so that the client sees that it is
    /// heard while its request waits in a queue.
    /// </summary>
    public static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(2);

    private readonly string _id = $"{format.IdPrefix}-{Guid.NewGuid():N}";
    private readonly long _created = time.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>Answers with one choice for each of <paramref name="prompts"/> (tokens, and how many to generate).</summary>
    public async Task Send(HttpContext http, CompletionFields fields, IReadOnlyList<(int[] Tokens, int Budget)> prompts)
    {
        var calls = prompts.Select((prompt, i) => new GenerationCall
        {
            RequestId = prompts.Count == 1 ? _id : $"{_id}-{i}",
            Prompt = prompt.Tokens,
            MaxTokens = prompt.Budget,
            Sampling = fields.Sampling,
            StopStrings = fields.Stops,
        }).ToList();
        await using var generations = new Generations(service, calls, http.RequestAborted);
        if (fields.Stream)
        {
            await SendEvents(http, generations, calls.Count, fields.IncludeUsage);
        }
        else
        {
            await SendWhole(http, generations, calls.Count);
        }
    }

    private async Task SendWhole(HttpContext http, Generations generations, int count)
    {
        var texts = Enumerable.Range(0, count).Select(_ => new StringBuilder()).ToArray();
        var reasons = new string?[count];
        var usage = new AnswerUsage();
        await foreach (var (choice, chunk) in generations.Chunks.ReadAllAsync(http.RequestAborted))
        {
            texts[choice].Append(chunk.Text);
            reasons[choice] ??= chunk.FinishReason;
            if (chunk.Usage is { } took)
            {
                usage.Add(took);
            }
        }

        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body, ApiJson.Writer))
        {
            WriteHead(json, format.WholeObject);
            for (var choice = 0; choice < count; choice++)
            {
                json.WriteStartObject();
                json.WriteNumber("index"u8, choice);
                format.WriteWhole(json, texts[choice].ToString());
                WriteReason(json, reasons[choice]);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            usage.Write(json);
            json.WriteEndObject();
        }

        http.Response.ContentType = "application/json; charset=utf-8";
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length), http.RequestAborted);
    }

    private async Task SendEvents(HttpContext http, Generations generations, int count, bool includeUsage)
    {
        var cancelled = http.RequestAborted;
        var first = generations.Chunks.WaitToReadAsync(cancelled).AsTask();
        await Task.WhenAny(first, Task.Delay(FirstWait, time, cancelled));
        if (first.IsCompleted)
        {
            await first;
        }

        using var events = new EventStream(http.Response);
        if (format.HasOpening)
        {
            WriteOpenings(events, count, includeUsage);
            await events.Flush(cancelled);
        }

        var usage = new AnswerUsage();
        for (var more = await first; more; more = await generations.Chunks.WaitToReadAsync(cancelled))
        {
            while (generations.Chunks.TryRead(out var item))
            {
                WriteChunk(events, item.Choice, item.Chunk, includeUsage);
                if (item.Chunk.Usage is { } took)
                {
                    usage.Add(took);
                }
            }

            await events.Flush(cancelled);
        }

        if (includeUsage)
        {
            var json = events.Begin();
            WriteHead(json, format.EventObject);
            json.WriteEndArray();
            usage.Write(json);
            json.WriteEndObject();
            events.End();
        }

        events.Done();
        await events.Flush(cancelled);
    }

    private void WriteOpenings(EventStream events, int count, bool includeUsage)
    {
        for (var choice = 0; choice < count; choice++)
        {
            WriteEvent(events, choice, "", null, includeUsage, opening: true);
        }
    }

    private void WriteChunk(EventStream events, int choice, in GenerationChunk chunk, bool includeUsage)
    {
        if (chunk.Text.Length > 0)
        {
            WriteEvent(events, choice, chunk.Text, null, includeUsage);
        }

        if (chunk.FinishReason is { } reason)
        {
            WriteEvent(events, choice, null, reason, includeUsage);
        }
    }

    private void WriteEvent(EventStream events, int choice, string? text, string? reason, bool includeUsage, bool opening = false)
    {
        var json = events.Begin();
        WriteHead(json, format.EventObject);
        json.WriteStartObject();
        json.WriteNumber("index"u8, choice);
        format.WriteDelta(json, text, opening);
        WriteReason(json, reason);
        json.WriteEndObject();
        json.WriteEndArray();
        if (includeUsage)
        {
            json.WriteNull("usage"u8);
        }

        json.WriteEndObject();
        events.End();
    }

    // Leaves the array of choices open.
    private void WriteHead(Utf8JsonWriter json, string kind)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, _id);
        json.WriteString("object"u8, kind);
        json.WriteNumber("created"u8, _created);
        json.WriteString("model"u8, model.Id);
        json.WriteString("system_fingerprint"u8, ProductVersion.Fingerprint);
        json.WriteStartArray("choices"u8);
    }

    private static void WriteReason(Utf8JsonWriter json, string? reason)
    {
        json.WriteNull("logprobs"u8);
        json.WriteString("finish_reason"u8, reason);
    }
}
