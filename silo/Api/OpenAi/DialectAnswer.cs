using System.Text.Json;
using Crescent.Engine.Model.ToolCalls;
using Crescent.Grains.Requests;
using Crescent.Grains.Streams;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>Runs the one call of a request and sends the answer in the form of its dialect, whole or as events.</summary>
/// <param name="service">Generates.</param>
/// <param name="request">What is to be generated.</param>
/// <param name="time">The clock.</param>
internal sealed class DialectAnswer(IGenerationService service, PreparedRequest request, TimeProvider time)
{
    private readonly List<AnswerDelta> _deltas = [];
    private readonly StopWord _stop = new(request.Calls[0].StopStrings, request.Model.Model.Tokenizer);
    private AnswerEnd? _end;

    /// <summary>Answers.</summary>
    /// <param name="http">Where to.</param>
    /// <param name="stream">Whether as events.</param>
    /// <param name="callPrefix">What ids of calls begin with.</param>
    /// <param name="form">Makes the dialect's form.</param>
    public async Task Send(HttpContext http, bool stream, string callPrefix, Func<AnswerSource, IDialectForm> form)
    {
        await using var source = await AnswerSource.Open(http, service, request, time);
        var dialect = form(source);
        var reader = source.Reader(0, callPrefix);
        await (stream ? SendEvents(http, source, dialect, reader) : SendWhole(http, source, dialect, reader));
    }

    private async Task SendWhole(HttpContext http, AnswerSource source, IDialectForm form, AnswerReader reader)
    {
        form.Begin(null);
        while (await source.Chunks.Next())
        {
            Take(source, form, reader, null);
        }

        await form.End(_end!, null);
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body, ApiJson.Writer))
        {
            form.WriteWhole(json);
        }

        http.Response.ContentType = "application/json; charset=utf-8";
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length), http.RequestAborted);
    }

    private async Task SendEvents(HttpContext http, AnswerSource source, IDialectForm form, AnswerReader reader)
    {
        var left = http.RequestAborted;
        var first = await source.First(time, left);
        using var events = new EventStream(http.Response, source.After);
        await using var pulse = new StreamPulse(events, time, form.Beat, left);
        form.Begin(events);
        await events.Flush(left);
        for (var more = await pulse.Wait(new ValueTask<bool>(first)); more; more = await pulse.Wait(source.Chunks.Next()))
        {
            Take(source, form, reader, events);
            await events.Flush(left);
        }

        await form.End(_end!, events);
        events.Close();
        await events.Flush(left);
    }

    private void Take(AnswerSource source, IDialectForm form, AnswerReader reader, EventStream? events)
    {
        while (source.Chunks.TryRead(out var item))
        {
            var chunk = item.Chunk;
            _stop.Add(chunk);
            reader.Read(chunk, _deltas);
            foreach (var delta in _deltas)
            {
                form.Add(delta, events);
            }

            _deltas.Clear();
            if (chunk.FinishReason is { } reason)
            {
                var usage = new AnswerUsage();
                usage.Add(chunk.Usage!, sharesPrompt: false, thought: reader.ThoughtTokens);
                _end = new AnswerEnd(reader.Reason(reason)!, reason == "stop" ? _stop.Find() : null, usage, chunk.Cut is { } cut ? request.Deadline.Say(cut) : null);
            }
        }
    }
}
