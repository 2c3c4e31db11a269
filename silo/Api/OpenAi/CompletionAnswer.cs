using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Crescent.Engine.Model.ToolCalls;
using Crescent.Grains.Kept;
using Crescent.Grains.Models;
using Crescent.Grains.Requests;
using Crescent.Grains.Streams;
using Crescent.Silo.Admission;
using Crescent.Silo.Api.Wire;
using Crescent.Silo.Configuration;
using Crescent.Silo.Identity;
using Crescent.Silo.Ops;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>Runs the generations of a request and sends the answer, whole or as events.</summary>
/// <param name="service">Generates.</param>
/// <param name="format">The endpoint's own part of the answer.</param>
/// <param name="request">What is to be generated.</param>
/// <param name="time">For the time of creation and the first wait.</param>
internal sealed class CompletionAnswer(IGenerationService service, IAnswerFormat format, PreparedRequest request, TimeProvider time)
{
    /// <summary>
    /// A stream's status is held back for so long, to let a refusal be one; after it the answer begins, so that the client sees that it is
    /// heard while its request waits in a queue.
    /// </summary>
    public static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(2);

    // Stands where the text is to be in an event that is made once.
    private const string Mark = "<text>";

    private readonly ServedModel _model = request.Model;

    // Of a kept answer that was begun before, what it had then.
    private string _id = request.Id;
    private long _created = time.GetUtcNow().ToUnixTimeSeconds();
    private int? _after;

    /// <summary>Answers with the choices that <paramref name="fields"/> ask for to each prompt.</summary>
    public async Task Send(HttpContext http, CompletionFields fields)
    {
        if (KeptRequest.Of(http) is { } kept)
        {
            await using var stream = await Open(http, kept);
            await Send(http, stream, fields);
            return;
        }

        using var used = Use(http);
        await using var generations = new Generations(service, request, http.RequestServices.GetRequiredService<ServingMetrics>(), http.RequestAborted);
        await Send(http, generations, fields);
    }

    private Task Send(HttpContext http, IAnswerChunks generations, CompletionFields fields) =>
        fields.Stream ? SendEvents(http, generations, fields, request.Calls.Count) : SendWhole(http, generations, fields, request.Calls.Count);

    /// <summary>What its tenant may have at once is taken, and its prompts are charged.</summary>
    private IDisposable? Use(HttpContext http) => http.RequestServices.GetRequiredService<TenantQuotas>().Use(
        Caller.Of(http), Math.Min(Generations.MaxAtOnce, request.Calls.Count), request.Prompts.Sum(static prompt => (long)prompt.Length));

    /// <summary>Begins an answer that is kept, or joins it: then it takes nothing more.</summary>
    private async Task<KeptGenerations> Open(HttpContext http, KeptRequest kept)
    {
        var used = kept.IsJoined ? null : Use(http);
        KeptStream stream;
        try
        {
            stream = await http.RequestServices.GetRequiredService<IKeptAnswers>().Open(kept.Call, request, _created, used);
        }
        catch
        {
            used?.Dispose();
            throw;
        }

        kept.IsOpen = true;
        (_id, _created, _after) = (stream.Head.Id, stream.Head.Created, kept.After);
        var metrics = http.RequestServices.GetRequiredService<ServingMetrics>();
        return new KeptGenerations(stream, kept.IsJoined ? [] : [.. request.Calls.Select(_ => metrics.Begin(_model.Id))], http.RequestAborted);
    }

    private AnswerReader Reader(int choice) => new(
        request.ToolStyle,
        _model.Model.Tokenizer,
        request.Calls[0].Sampling.Structure,
        _after is null ? null : CallIds(choice));

    /// <summary>Ids of calls that are the same whoever makes the events.</summary>
    private Func<int, string> CallIds(int choice) =>
        call => $"call_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{_id}/{choice}/{call}")).AsSpan(..16))}";

    private async Task SendWhole(HttpContext http, IAnswerChunks generations, CompletionFields fields, int count)
    {
        var made = Enumerable.Range(0, count).Select(index => new Choice(Reader(index), new TextOffsets(_model.Model.Tokenizer))).ToArray();
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
            usage.Add(made[choice].Usage!, sharesPrompt: choice % fields.Candidates > 0, given: fields.EchoesLogprobs ? prompt.Length - 1 : 0);
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
        var first = generations.First();
        await Task.WhenAny(first, Task.Delay(FirstWait, time, cancelled));
        if (first.IsCompleted)
        {
            await first;
        }

        using var events = new EventStream(http.Response, _after);
        var choices = Enumerable.Range(0, count).Select(index => new EventChoice(index, Reader(index), new TextOffsets(_model.Model.Tokenizer))).ToArray();
        if (format.HasOpening)
        {
            foreach (var choice in choices)
            {
                WriteEvent(events, fields, choice, new AnswerDelta("", null), null, default, opening: true);
            }

            await events.Flush(cancelled);
        }

        var usage = new AnswerUsage();
        for (var more = await first; more; more = await generations.Next())
        {
            while (generations.TryRead(out var item))
            {
                WriteChunk(events, fields, choices[item.Choice], item.Chunk);
                if (item.Chunk.Usage is { } took)
                {
                    usage.Add(took, sharesPrompt: item.Choice % fields.Candidates > 0);
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
        json.WriteString("id"u8, _id);
        json.WriteString("object"u8, kind);
        json.WriteNumber("created"u8, _created);
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
