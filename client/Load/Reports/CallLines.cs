using System.Text.Json;
using Crescent.Client.Load.Measures;
using Crescent.Client.Load.Timing;

namespace Crescent.Client.Load.Reports;

/// <summary>Writes a line of JSON a call, as calls end. Safe for use by many threads.</summary>
internal sealed class CallLines : IDisposable
{
    private const int BufferBytes = 256 << 10;

    private readonly Lock _gate = new();
    private readonly FileStream _file;
    private readonly Utf8JsonWriter _json;

    /// <param name="path">Written anew.</param>
    public CallLines(string path)
    {
        _file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, BufferBytes);
        _json = new Utf8JsonWriter(_file);
    }

    /// <summary>When the run began, in ticks.</summary>
    public long Began { get; set; }

    /// <summary>Writes a call; moments are seconds from the beginning of the run.</summary>
    public void Add(in CallRecord call, bool measured)
    {
        lock (_gate)
        {
            _json.WriteStartObject();
            _json.WriteNumber("number"u8, call.Number);
            if (call.Program is { } program)
            {
                _json.WriteString("program"u8, program);
            }

            _json.WriteBoolean("measured"u8, measured);
            _json.WriteString("end"u8, RunDocument.Name(call.End));
            _json.WriteNumber("status"u8, call.Status);
            Moment("intended"u8, call.Intended, always: true);
            Moment("started"u8, call.Started, always: true);
            Moment("first"u8, call.First);
            Moment("first_output"u8, call.FirstOutput);
            Moment("last"u8, call.Last);
            Moment("ended"u8, call.Ended, always: true);
            _json.WriteNumber("chunks"u8, call.Chunks);
            _json.WriteNumber("reasoning_chunks"u8, call.ReasoningChunks);
            _json.WriteNumber("planned_prompt_tokens"u8, call.PlannedPromptTokens);
            _json.WriteNumber("planned_output_tokens"u8, call.PlannedOutputTokens);
            _json.WriteNumber("output_tokens"u8, call.OutputTokens);
            if (call.HasUsage)
            {
                _json.WriteNumber("prompt_tokens"u8, call.Usage.PromptTokens);
                _json.WriteNumber("cached_tokens"u8, call.Usage.CachedTokens);
                if (call.Usage.Joules is { } joules)
                {
                    _json.WriteNumber("joules"u8, joules);
                }
            }

            if (call.Refusals > 0)
            {
                _json.WriteNumber("refusals"u8, call.Refusals);
            }

            if (call.WaitedSeconds > 0)
            {
                _json.WriteNumber("waited"u8, Math.Round(call.WaitedSeconds, 3));
            }

            if (call.Fault is { } fault)
            {
                _json.WriteString("fault"u8, fault);
            }

            _json.WriteEndObject();
            _json.Flush();
            _json.Reset();
            _file.WriteByte((byte)'\n');
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _json.Dispose();
            _file.Dispose();
        }
    }

    private void Moment(ReadOnlySpan<byte> name, long ticks, bool always = false)
    {
        if (ticks > 0 || always)
        {
            _json.WriteNumber(name, Math.Round(PreciseClock.Seconds(ticks - Began), 9));
        }
    }
}
