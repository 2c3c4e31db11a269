using System.IO.Compression;
using System.Text.Json;

namespace Crescent.Lab.Traces;

/// <summary>
/// Reads sessions of coding agents, a JSON object a line, packed by gzip where the name says so: <c>block_size</c> (64) and <c>requests</c>, each of which has
/// <c>t</c> (s from the beginning), <c>in</c>, <c>out</c>, <c>hash_ids</c>, <c>stop</c>, <c>api_time</c>, <c>think_time</c> (s before it), or is of the
/// <c>type</c> <c>subagent</c> with <c>requests</c> of its own, <c>t</c> (when it had ended) and <c>duration_ms</c>.
/// </summary>
public static class SessionFile
{
    /// <summary>
    /// Who pauses for longer has gone away: what comes after is a session of its own, whose prompt is long from the start. By then no cache would have it, and
    /// runs need not be longer than the longest night, s.
    /// </summary>
    public const double LongestPause = 600;

    private const string Subagent = "subagent";

    /// <summary>Whether a path names such a file rather than a trace of arrivals.</summary>
    public static bool IsOne(string path)
    {
        if (path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        return File.Exists(path) && File.ReadLines(path).FirstOrDefault() is { } first
            && first.StartsWith('{') && first.Contains("\"requests\"", StringComparison.Ordinal);
    }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mostPause">Longer pauses are cut to this, s: an agent that nobody keeps waiting.</param>
    /// <exception cref="FormatException">The message names the file, the line and what was expected there.</exception>
    public static SessionTrace Read(string path, double mostPause = double.PositiveInfinity)
    {
        using var file = File.OpenRead(path);
        using var packed = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : null;
        using var reader = new StreamReader((Stream?)packed ?? file);
        var sessions = new List<Session>();
        for (var number = 1; reader.ReadLine() is { } line; number++)
        {
            if (!string.IsNullOrWhiteSpace(line))
            {
                Add(path, number, line, mostPause, sessions);
            }
        }

        var name = Path.GetFileName(path);
        return sessions.Count > 0
            ? new SessionTrace(name[..name.IndexOf('.', StringComparison.Ordinal)], sessions)
            : throw new FormatException($"{path}: there is no session in it.");
    }

    private static void Add(string path, int number, string line, double mostPause, List<Session> sessions)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            if (root.GetProperty("block_size").GetInt32() is var size and not SessionTrace.BlockTokens)
            {
                throw new FormatException($"block_size is {size}, {SessionTrace.BlockTokens} is known");
            }

            sessions.AddRange(Parts(root.GetProperty("id").ToString(), Turns(root.GetProperty("requests"), mostPause)));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new FormatException($"{path}: line {number} must be a session with id, block_size and requests (t, in, out, hash_ids): {e.Message}", e);
        }
    }

    private static List<SessionTurn> Turns(JsonElement requests, double mostPause)
    {
        var turns = new List<SessionTurn>();
        var agents = new List<Session>();
        var (began, ended) = (0.0, 0.0);
        foreach (var request in requests.EnumerateArray())
        {
            var at = request.GetProperty("t").GetDouble();
            if (Text(request, "type") == Subagent)
            {
                if (Turns(request.GetProperty("requests"), mostPause) is { Count: > 0 } own)
                {
                    agents.Add(new Session(Text(request, "agent_id") ?? Subagent, own));
                    ended = Math.Max(ended, at);
                }

                continue;
            }

            // Where sub-agents have worked, what was told as a pause is their work and the rest of it.
            var pause = agents.Count > 0 ? at - ended : Number(request, "think_time") ?? at - began;
            var stop = Text(request, "stop");
            turns.Add(new SessionTurn(
                turns.Count == 0 ? 0 : Math.Clamp(pause, 0, mostPause),
                Math.Max(1, request.GetProperty("in").GetInt32()),
                Math.Max(1, request.GetProperty("out").GetInt32()),
                [.. request.GetProperty("hash_ids").EnumerateArray().Select(static id => id.GetInt32())],
                stop == "end_turn",
                agents.ToArray()));
            agents.Clear();
            began = at;
            ended = at + (Number(request, "api_time") ?? 0);
        }

        return turns;
    }

    /// <summary>The sessions between long pauses.</summary>
    private static IEnumerable<Session> Parts(string name, List<SessionTurn> turns)
    {
        var first = 0;
        for (var i = 1; i <= turns.Count; i++)
        {
            if (i == turns.Count || turns[i].Pause > LongestPause)
            {
                turns[first] = turns[first] with { Pause = 0, Agents = [] };
                yield return new Session($"{name}/{first}", turns[first..i]);
                first = i;
            }
        }
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static double? Number(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;
}
