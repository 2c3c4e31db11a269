using System.Text.Json;
using Crescent.Client.Connections;

namespace Crescent.Client.Evaluation;

/// <summary>A file of problems: a JSON object a line, with <c>id</c>, <c>problem</c> and <c>answer</c>, a text or a number. Other members are passed over, and so are empty lines.</summary>
internal static class EvalFile
{
    /// <summary>Lines that are read at the most.</summary>
    public const int MostProblems = 1_000_000;

    private const string Remedy = """Give a line a problem, such as {"id":"1","problem":"What is 2 + 3?","answer":"5"}.""";

    /// <summary>The first <paramref name="limit"/> problems.</summary>
    /// <exception cref="FactoryException">The file cannot be read, or a line is no problem.</exception>
    public static IReadOnlyList<EvalProblem> Read(string path, int limit)
    {
        var problems = new List<EvalProblem>();
        try
        {
            var number = 0;
            foreach (var line in File.ReadLines(path))
            {
                number++;
                if (string.IsNullOrWhiteSpace(line))
                {
                    continue;
                }

                problems.Add(Read(line, path, number));
                if (problems.Count == limit)
                {
                    break;
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FactoryException(e.Message, "Name a file that can be read with --data.", e);
        }

        return problems.Count > 0 ? problems : throw new FactoryException($"{path} has no problem in it", Remedy);
    }

    private static EvalProblem Read(string line, string path, int number)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            return new EvalProblem(Text(json.RootElement, "id"), Text(json.RootElement, "problem"), Text(json.RootElement, "answer"));
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            throw new FactoryException($"{path}, line {number} is no problem: {e.Message}", Remedy, e);
        }
    }

    private static string Text(JsonElement line, string name)
    {
        var text = line.ValueKind == JsonValueKind.Object && line.TryGetProperty(name, out var value)
            ? value.ValueKind switch
            {
                JsonValueKind.String => value.GetString(),
                JsonValueKind.Number => value.GetRawText(),
                _ => null,
            }
            : null;
        return text is { Length: > 0 } ? text : throw new FormatException($"'{name}' is missing, or neither a text nor a number");
    }
}
