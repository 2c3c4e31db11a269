using System.Globalization;
using System.Text.Json;

namespace Crescent.Lab.Traces;

/// <summary>
/// Reads request traces: the CSV of Azure's public LLM traces (TIMESTAMP, ContextTokens, GeneratedTokens) and the JSON lines of Mooncake
/// (timestamp in ms, input_length, output_length, hash_ids of 512-token blocks), told apart by their first character.
/// </summary>
public static class TraceFile
{
    private const string Header = "TIMESTAMP,ContextTokens,GeneratedTokens";

    /// <summary>Reads a file.</summary>
    /// <exception cref="FormatException">The message names the file, the line and what was expected there.</exception>
    public static Trace Read(string path)
    {
        var requests = new List<TraceRequest>();
        var number = 0;
        var mooncake = false;
        var ids = new BlockNumbers();
        foreach (var line in File.ReadLines(path))
        {
            number++;
            if (number == 1)
            {
                mooncake = line.StartsWith('{');
                if (!mooncake)
                {
                    CheckHeader(path, line);
                    continue;
                }
            }

            if (!string.IsNullOrWhiteSpace(line))
            {
                requests.Add(mooncake ? ReadJson(path, number, line, ids) : ReadCsv(path, number, line));
            }
        }

        return requests.Count >= 2
            ? Trace.Of(Path.GetFileNameWithoutExtension(path), requests)
            : throw new FormatException($"{path}: a trace needs at least two requests, this one has {requests.Count}.");
    }

    private static void CheckHeader(string path, string line)
    {
        if (!line.Trim().TrimStart('\uFEFF').Equals(Header, StringComparison.OrdinalIgnoreCase))
        {
            throw new FormatException($"{path}: line 1 must be '{Header}' or a JSON object, not '{(line.Length > 60 ? line[..60] + "…" : line)}'.");
        }
    }

    private static TraceRequest ReadCsv(string path, int number, string line)
    {
        var fields = line.Split(',');
        if (fields.Length != 3
            || !DateTime.TryParse(fields[0], CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal, out var time)
            || !int.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out var prompt)
            || !int.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out var output))
        {
            throw new FormatException($"{path}: line {number} must be a time and two whole numbers ({Header}), not '{line}'.");
        }

        return new TraceRequest(TimeSpan.FromTicks(time.Ticks).TotalSeconds, Math.Max(1, prompt), Math.Max(1, output));
    }

    private static TraceRequest ReadJson(string path, int number, string line, BlockNumbers numbers)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            var blocks = root.TryGetProperty("hash_ids", out var ids) ? ids.EnumerateArray().Select(numbers.Of).ToArray() : null;
            return new TraceRequest(
                root.GetProperty("timestamp").GetDouble() / 1000,
                Math.Max(1, root.GetProperty("input_length").GetInt32()),
                Math.Max(1, root.GetProperty("output_length").GetInt32()),
                blocks ?? []);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new FormatException(
                $"{path}: line {number} must be a JSON object with timestamp (ms), input_length, output_length and hash_ids (numbers): {e.Message}", e);
        }
    }
}
