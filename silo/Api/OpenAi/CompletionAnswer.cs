using System.Text;
using System.Text.Json;
using Crescent.Engine.Model.ToolCalls;
using Crescent.Grains.Models;
using Crescent.Grains.Requests;
using Crescent.Grains.Streams;
using Crescent.Silo.Api.Wire;
using Crescent.Silo.Configuration;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>Runs the generations of a request and sends the answer, whole or as events.</summary>
/// <param name="service">Generates.</param>
/// <param name="format">The endpoint's own part of the answer.</param>
/// <param name="request">What is to be generated.</param>
/// <param name="time">For the time of creation and the first wait.</param>
internal sealed class CompletionAnswer(IGenerationService service, IAnswerFormat format, PreparedRequest request, TimeProvider time)
{
    // Stands where the text is to be in an event that is made once.
    private const string Mark = "<text>";

    private readonly ServedModel _model = request.Model;
    private AnswerSource? _source;

    /// <summary>Answers with the choices that <paramref name="fields"/> ask for to each prompt.</summary>
    public async Task Send(HttpContext http, CompletionFields fields)
    {
        await using var source = await AnswerSource.Open(http, service, request, time);
        _source = source;
        await (fields.Stream ? SendEvents(http, source.Chunks, fields, request.Calls.Count) : SendWhole(http, source.Chunks, fields, request.Calls.Count));
    }

    private AnswerReader Reader(int choice, CompletionFields fields) => _source!.Reader(choice, partsThoughts: fields.PartsThoughts);

    private async Task SendWhole(HttpContext http, IAnswerChunks generations, CompletionFields fields, int count)
    {
        var made = Enumerable.Range(0, count).Select(index => new Choice(Reader(index, fields), new TextOffsets(_model.Model.Tokenizer))).ToArray();
        while (await generations.Next())
        {
            while (generations.TryRead(out var item))
            {
                made[item.Choice].Add(item.Chunk);
            }
        }

        var usage = new AnswerUsage();
        for (var choice = 0; choice < count; choice++)
        {
            var prompt = request.Prompts[choice / fields.Candidates];
            usage.Add(made[choice].Usage!, sharesPrompt: choice % fields.Candidates > 0, given: fields.EchoesLogprobs ? prompt.Length - 1 : 0, thought: made[choice].ThoughtTokens);
            if (fields.Echo)
            {
                made[choice].Echo(prompt, _model.Model.Tokenizer, withLogprobs: fields.EchoesLogprobs);
            }
        }

        var sent = made.Chunk(fields.Candidates).SelectMany(candidates => Best(candidates, fields)).ToList();
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body, ApiJson.Writer))
        {
            WriteHead(json, format.WholeObject);
            for (var choice = 0; choice < sent.Count; choice++)
            {
                json.WriteStartObject();
                json.WriteNumber("index"u8, choice);
                format.WriteWhole(json, sent[choice]);
                WriteLogprobs(json, fields, sent[choice].Logprobs);
                json.WriteString("finish_reason"u8, sent[choice].FinishReason);
                WriteCut(json, sent[choice].Cut);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            usage.Write(json);
            WriteUnenforced(json);
            json.WriteEndObject();
        }

        http.Response.ContentType = "application/json; charset=utf-8";
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length), http.RequestAborted);
    }

    private static IEnumerable<Choice> Best(Choice[] candidates, CompletionFields fields) => fields.Candidates == fields.Choices
        ? candidates
        : candidates.OrderByDescending(static candidate => candidate.MeanLogprob).Take(fields.Choices);

    private async Task SendEvents(HttpContext http, IAnswerChunks generations, CompletionFields fields, int count)
    {
        var cancelled = http.RequestAborted;
        var first = await _source!.First(time, cancelled);
        using var events = new EventStream(http.Response, _source.After);
        await using var pulse = new StreamPulse(events, time, static events => events.Comment(), cancelled);
        var choices = Enumerable.Range(0, count).Select(index => new EventChoice(index, Reader(index, fields), new TextOffsets(_model.Model.Tokenizer))).ToArray();
        if (format.HasOpening)
        {
            foreach (var choice in choices)
            {
                WriteEvent(events, fields, choice, new AnswerDelta("", null), null, default, opening: true);
            }

            await events.Flush(cancelled);
        }

        var usage = new AnswerUsage();
        for (var more = await pulse.Wait(new ValueTask<bool>(first)); more; more = await pulse.Wait(generations.Next()))
        {
            while (generations.TryRead(out var item))
            {
                WriteChunk(events, fields, choices[item.Choice], item.Chunk);
                if (item.Chunk.Usage is { } took)
                {
                    usage.Add(took, sharesPrompt: item.Choice % fields.Candidates > 0, thought: choices[item.Choice].Reader.ThoughtTokens);
                }
            }

            await events.Flush(cancelled);
        }

        if (fields.IncludeUsage)
        {
            var json = events.Begin();
            WriteHead(json, format.EventObject);
            json.WriteEndArray();
            usage.Write(json);
            WriteUnenforced(json);
            json.WriteEndObject();
            events.End();
        }

        events.Done();
        await events.Flush(cancelled);
    }

    private void WriteChunk(EventStream events, CompletionFields fields, EventChoice choice, in GenerationChunk chunk)
    {
        if (choice.Reader.IsPlain && fields.Call.Sampling.TopLogprobs is null)
        {
            WriteText(events, fields, choice, chunk.Utf8.Span);
        }
        else
        {
            WriteDeltas(events, fields, choice, chunk);
        }

        if (chunk.FinishReason is { } reason)
        {
            WriteEvent(events, fields, choice, null, choice.Reader.Reason(reason), default, cut: chunk.Cut);
        }
    }

    /// <summary>Text that is nothing but text: all around it is the same from event to event, and made once.</summary>
    private void WriteText(EventStream events, CompletionFields fields, EventChoice choice, ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty)
        {
            return;
        }

        if (choice.Before is null)
        {
            using var buffer = new MemoryStream();
            using (var json = new Utf8JsonWriter(buffer, ApiJson.Writer))
            {
                WriteEvent(json, fields, choice, new AnswerDelta(Mark, null), null, default, opening: false, cut: null);
            }

            var made = buffer.ToArray();
            var at = made.AsSpan().LastIndexOf(Encoding.UTF8.GetBytes($"\"{Mark}\"")) + 1;
            (choice.Before, choice.After) = (made[..at], made[(at + Mark.Length)..]);
        }

        events.WriteText(choice.Before, utf8, choice.After);
    }

    private void WriteDeltas(EventStream events, CompletionFields fields, EventChoice choice, in GenerationChunk chunk)
    {
        choice.Deltas.Clear();
        choice.Reader.Read(chunk, choice.Deltas);
        choice.Deltas.RemoveAll(delta => !format.Tells(delta));
        var logprobs = new ChoiceLogprobs(chunk.Tokens, chunk.Logprobs ?? [], choice.Offsets);
        if (choice.Deltas.Count == 0 && logprobs.Logprobs?.Count > 0)
        {
            // Text that is held back still has tokens to tell of.
            choice.Deltas.Add(new AnswerDelta("", null));
        }

        foreach (var delta in choice.Deltas)
        {
            WriteEvent(events, fields, choice, delta, null, logprobs);
            logprobs = default;
        }
    }

    private void WriteEvent(
        EventStream events,
        CompletionFields fields,
        EventChoice choice,
        AnswerDelta? delta,
        string? reason,
        in ChoiceLogprobs logprobs,
        bool opening = false,
        string? cut = null)
    {
        WriteEvent(events.Begin(), fields, choice, delta, reason, logprobs, opening, cut);
        events.End();
    }

    private void WriteEvent(
        Utf8JsonWriter json,
        CompletionFields fields,
        EventChoice choice,
        AnswerDelta? delta,
        string? reason,
        in ChoiceLogprobs logprobs,
        bool opening,
        string? cut)
    {
        WriteHead(json, format.EventObject);
        json.WriteStartObject();
        json.WriteNumber("index"u8, choice.Index);
        format.WriteDelta(json, delta, opening);
        WriteLogprobs(json, fields, logprobs);
        json.WriteString("finish_reason"u8, reason);
        WriteCut(json, cut);
        json.WriteEndObject();
        json.WriteEndArray();
        if (fields.IncludeUsage)
        {
            json.WriteNull("usage"u8);
        }

        if (reason is not null)
        {
            WriteUnenforced(json);
        }

        json.WriteEndObject();
    }

    private void WriteLogprobs(Utf8JsonWriter json, CompletionFields fields, in ChoiceLogprobs logprobs)
    {
        if (fields.Call.Sampling.TopLogprobs is null || logprobs.Tokens is null)
        {
            json.WriteNull("logprobs"u8);
        }
        else
        {
            format.WriteLogprobs(json, logprobs, _model.Model.Tokenizer);
        }
    }

    private void WriteUnenforced(Utf8JsonWriter json)
    {
        if (request.Unenforced.Count > 0)
        {
            json.WriteStartObject("crescent"u8);
            json.WriteStartArray("unenforced"u8);
            foreach (var place in request.Unenforced)
            {
                json.WriteStringValue(place);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }
    }

    // OpenAI has no finish reason for it: the choice says length, and here why.
    private void WriteCut(Utf8JsonWriter json, string? cut)
    {
        if (cut is not null)
        {
            json.WriteStartObject("crescent"u8);
            json.WriteString("cut_by"u8, "deadline"u8);
            json.WriteString("message"u8, request.Deadline.Say(cut));
            json.WriteEndObject();
        }
    }

    // Leaves the array of choices open.
    private void WriteHead(Utf8JsonWriter json, string kind)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, _source!.Id);
        json.WriteString("object"u8, kind);
        json.WriteNumber("created"u8, _source.Created);
        json.WriteString("model"u8, _model.Id);
        json.WriteString("system_fingerprint"u8, ProductVersion.Fingerprint);
        json.WriteStartArray("choices"u8);
    }

    /// <summary>A choice of an answer that is sent as events.</summary>
    private sealed class EventChoice(int index, AnswerReader reader, TextOffsets offsets)
    {
        public int Index { get; } = index;

        public AnswerReader Reader { get; } = reader;

        /// <summary>Where its next token begins.</summary>
        public TextOffsets Offsets { get; } = offsets;

        public List<AnswerDelta> Deltas { get; } = [];

        /// <summary>The JSON of an event of text, up to the text and behind it; null before the first.</summary>
        public byte[]? Before { get; set; }

        public byte[]? After { get; set; }
    }
}
