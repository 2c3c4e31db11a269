using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Crescent.Agents.Steps;
using Crescent.Agents.Tasks;
using Crescent.Grains.Contracts.Agents;

namespace Crescent.Grains.Agents;

/// <summary>What watchers are told, as JSON.</summary>
internal static class AgentEvents
{
    /// <summary>Kind of the events that tell tokens under way.</summary>
    public const string Tokens = "tokens";

    /// <summary>Kind of the events that tell why a step waits, such as for a device, or for power.</summary>
    public const string Waiting = "waiting";

    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A note of the machine; the last one tells the task's end.</summary>
    public static AgentEvent Of(AgentMachine machine, TaskNote note, long number) => new()
    {
        Number = number,
        Kind = note.Kind,
        Json = Write(json =>
        {
            Begin(json, machine.Id, note.Kind, note.At);
            Text(json, "step"u8, note.Step);
            Text(json, "label"u8, note.Label);
            Text(json, "text"u8, note.Text);
            Text(json, "hash"u8, note.Hash);
            if (note.Result is { } result)
            {
                json.WriteString("outcome"u8, Word(result.Outcome));
                json.WriteString("text"u8, result.Text);
                json.WriteNumber("prompt_tokens"u8, result.PromptTokens);
                json.WriteNumber("cached_tokens"u8, result.CachedTokens);
                json.WriteNumber("output_tokens"u8, result.OutputTokens);
                json.WriteNumber("seconds"u8, Math.Round(result.Seconds, 4));
                json.WriteNumber("joules"u8, Math.Round(result.Joules, 4));
                if (result.Lost is { } lost)
                {
                    json.WriteNumber("lost_attempts"u8, lost.Attempts);
                }

                Text(json, "device"u8, result.Device.Length > 0 ? result.Device : null);
            }

            if (note.Kind == NoteKinds.Done)
            {
                End(json, machine);
            }
        }),
    };

    /// <summary>Something of a step under way that is told once: its tokens, or why it waits.</summary>
    public static AgentEvent Passing(string kind, string task, string step, string text, DateTimeOffset at) => new()
    {
        Kind = kind,
        Json = Write(json =>
        {
            Begin(json, task, kind, at);
            Text(json, "step"u8, step);
            Text(json, "text"u8, text);
        }),
    };

    /// <summary>How a step ended, in a word.</summary>
    public static string Word(StepOutcome outcome) => outcome switch
    {
        StepOutcome.Done => "done",
        StepOutcome.Failed => "failed",
        StepOutcome.Cut => "cut",
        _ => "denied",
    };

    /// <summary>How a task stands, in a word.</summary>
    public static string Word(TaskState state) => state switch
    {
        TaskState.Running => "running",
        TaskState.WaitingForApproval => "waiting_for_approval",
        TaskState.Done => "done",
        TaskState.Failed => "failed",
        _ => "cancelled",
    };

    private static void End(Utf8JsonWriter json, AgentMachine machine)
    {
        json.WriteString("state"u8, Word(machine.State));
        Text(json, "answer"u8, machine.Answer?.Answer);
        Text(json, "answer_text"u8, machine.Answer?.Text);
        Text(json, "cause"u8, machine.Cause);
        if (machine.Answer?.Confidence is { } confidence)
        {
            json.WriteNumber("confidence"u8, Math.Round(confidence, 4));
        }

        var bill = machine.Bill;
        json.WriteStartObject("bill"u8);
        json.WriteNumber("calls"u8, bill.Calls);
        json.WriteNumber("tool_calls"u8, bill.ToolCalls);
        json.WriteNumber("prompt_tokens"u8, bill.PromptTokens);
        json.WriteNumber("cached_tokens"u8, bill.CachedTokens);
        json.WriteNumber("output_tokens"u8, bill.OutputTokens);
        json.WriteNumber("step_seconds"u8, Math.Round(bill.StepSeconds, 4));
        json.WriteNumber("joules"u8, Math.Round(bill.Joules, 4));
        json.WriteStartObject("lost"u8);
        json.WriteNumber("attempts"u8, bill.Lost.Attempts);
        json.WriteNumber("prompt_tokens"u8, bill.Lost.PromptTokens);
        json.WriteNumber("output_tokens"u8, bill.Lost.OutputTokens);
        json.WriteNumber("joules"u8, Math.Round(bill.Lost.Joules, 4));
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Begin(Utf8JsonWriter json, string task, string kind, DateTimeOffset at)
    {
        json.WriteString("task"u8, task);
        json.WriteString("kind"u8, kind);
        json.WriteString("at"u8, at);
    }

    private static void Text(Utf8JsonWriter json, ReadOnlySpan<byte> name, string? text)
    {
        if (text is not null)
        {
            json.WriteString(name, text);
        }
    }

    private static string Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, Readable))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
