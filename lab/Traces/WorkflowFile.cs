using System.Text.Json;

namespace Crescent.Lab.Traces;

/// <summary>
/// Reads Mooncake's JSON lines with sessions, in both forms that there are. With <c>request_id</c> (agentic Mooncake) a line is a call with its whole prompt, which begins when the calls that <c>wait_for</c> names have
/// ended and <c>delay</c> and <c>tool_wait_ms</c> are over; one that waits for none begins at its <c>timestamp</c>. Without it, lines of one <c>session_id</c> are its turns, each with what it adds to the prompt, and
/// begin <c>delay</c> after the answer before; where there is none, as long after it as their <c>timestamp</c> is after that of the line before. Times are milliseconds; an id of <c>hash_ids</c> stands for
/// <see cref="Trace.BlockTokens"/> tokens, the last for what is left, and for the same ones in all lines: where whoever sends them cuts a prompt into messages, it is these tokens but for what stands between messages.
/// </summary>
/// <remarks>
/// As Dynamo writes them (lib/data-gen, agentic Mooncake rows), and AIPerf (multi-turn Mooncake). <c>branches</c> says again what <c>wait_for</c> of others says, <c>tool_events</c> what <c>tool_wait_ms</c> sums up, and
/// <c>prefix_reset</c> where a session begins.
/// </remarks>
public static class WorkflowFile
{
    private static readonly string[] Unknown = ["messages", "text_input", "payload", "schema"];

    /// <summary>Whether a path names such a file: its first line has a session or a request's name.</summary>
    public static bool IsOne(string path)
    {
        if (!File.Exists(path) || File.ReadLines(path).FirstOrDefault(static line => !string.IsNullOrWhiteSpace(line)) is not { } first || !first.StartsWith('{'))
        {
            return false;
        }

        try
        {
            using var document = JsonDocument.Parse(first);
            return document.RootElement.TryGetProperty("session_id", out _) || document.RootElement.TryGetProperty("request_id", out _);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="FormatException">The message names the file, the line and what was expected there.</exception>
    public static WorkflowTrace Read(string path)
    {
        var rows = new List<WorkflowRow>();
        var ids = new BlockNumbers();
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line))
            {
                rows.Add(Row(path, number, line, ids));
            }
        }

        if (rows.Count == 0)
        {
            throw new FormatException($"{path}: there is no call in it.");
        }

        if (rows.Find(row => (row.Request is null) != (rows[0].Request is null)) is { } other)
        {
            throw new FormatException($"{path}: line {other.Line} {(other.Request is null ? "has no" : "has a")} request_id, others differ: all lines are calls with names, or turns of sessions.");
        }

        var workflows = (rows[0].Request is null ? WorkflowRows.OfSessions(path, rows) : WorkflowRows.OfCalls(path, rows))
            .OrderBy(static workflow => workflow.Seconds ?? 0).ToArray();
        var first = workflows.Min(static workflow => workflow.Seconds ?? 0);
        return new WorkflowTrace(
            Path.GetFileNameWithoutExtension(path), [.. workflows.Select(workflow => workflow.Seconds is { } seconds ? workflow with { Seconds = seconds - first } : workflow)]);
    }

    private static WorkflowRow Row(string path, int number, string line, BlockNumbers ids)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            if (Array.Find(Unknown, name => root.TryGetProperty(name, out _)) is { } unknown)
            {
                throw new FormatException($"'{unknown}' is not known here, prompts are told by input_length and hash_ids");
            }

            var prompt = Whole(root, "input_length", "input_tokens");
            var output = Whole(root, "output_length", "output_tokens");
            if ((long)prompt + output > int.MaxValue)
            {
                throw new FormatException($"its prompt and answer have {(long)prompt + output} tokens, {int.MaxValue} is the most");
            }

            var request = Text(root, "request_id");
            return new WorkflowRow(
                number,
                request,
                Text(root, "session_id") ?? request ?? throw new FormatException("it has neither session_id nor request_id"),
                Number(root, "timestamp", "created_time") / 1000,
                Number(root, "delay", "delay_ms") / 1000,
                (Number(root, "tool_wait_ms", null) ?? 0) / 1000,
                root.TryGetProperty("wait_for", out var names) && names.ValueKind != JsonValueKind.Null ? [.. names.EnumerateArray().Select(static name => Text(name)).OfType<string>()] : [],
                prompt,
                output,
                Stretches(root.TryGetProperty("hash_ids", out var blocks) && blocks.ValueKind == JsonValueKind.Array ? [.. blocks.EnumerateArray().Select(ids.Of)] : [], prompt));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or OverflowException)
        {
            throw new FormatException($"{path}: line {number} must be a JSON object with session_id or request_id, input_length, output_length and hash_ids (numbers): {e.Message}", e);
        }
    }

    /// <summary>The blocks of a prompt as far as they are told.</summary>
    private static PromptStretch[] Stretches(int[] blocks, int tokens)
    {
        var count = Math.Min(blocks.Length, ((tokens - 1) / Trace.BlockTokens) + 1);
        return [.. Enumerable.Range(0, count).Select(i => new PromptStretch(blocks[i], Math.Min(Trace.BlockTokens, tokens - (i * Trace.BlockTokens))))];
    }

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? Text(value) : null;

    /// <summary>A name, which may be a number; null for none.</summary>
    private static string? Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => value.GetString(),
        _ => value.GetRawText(),
    };

    private static int Whole(JsonElement element, string name, string other) =>
        Math.Max(1, element.TryGetProperty(name, out var value) || element.TryGetProperty(other, out value) ? value.GetInt32() : throw new KeyNotFoundException($"it has no {name}"));

    private static double? Number(JsonElement element, string name, string? other) =>
        (element.TryGetProperty(name, out var value) || (other is not null && element.TryGetProperty(other, out value))) && value.ValueKind != JsonValueKind.Null ? value.GetDouble() : null;
}
