using System.Globalization;

namespace Crescent.Lab.Calibration;

/// <summary>
/// Reads measured runs from a CSV file whose first line names the columns model, gpu, weights, isl, osl, requests and output_tokens_per_second, in any order, and either
/// tensor_parallel or gpus with parallel, which is tp or dep; other columns are ignored.
/// </summary>
public static class ThroughputFile
{
    /// <summary>The rows of <paramref name="path"/>.</summary>
    /// <exception cref="FormatException">Names the line and the column that are wrong.</exception>
    public static IReadOnlyList<ThroughputRow> Read(string path)
    {
        var lines = File.ReadAllLines(path);
        if (lines.Length == 0)
        {
            throw new FormatException($"{path} is empty: its first line must name the columns.");
        }

        var columns = lines[0].Split(',', StringSplitOptions.TrimEntries);
        var is2026 = columns.Contains("parallel", StringComparer.OrdinalIgnoreCase);
        var rows = new List<ThroughputRow>();
        for (var i = 1; i < lines.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(lines[i]))
            {
                continue;
            }

            var line = new Line(path, i + 1, columns, lines[i].Split(',', StringSplitOptions.TrimEntries));
            rows.Add(new ThroughputRow
            {
                Model = line.Text("model"),
                Gpu = line.Text("gpu"),
                TensorParallel = (int)line.Number(is2026 ? "gpus" : "tensor_parallel"),
                DataParallel = is2026 && line.Word("parallel", "tp", "dep") == "dep",
                Is2026 = is2026,
                File = System.IO.Path.GetFileNameWithoutExtension(path),
                Weights = line.Text("weights"),
                PromptTokens = (int)line.Number("isl"),
                OutputTokens = (int)line.Number("osl"),
                Requests = (int)line.Number("requests"),
                Measured = line.Number("output_tokens_per_second"),
            });
        }

        return rows;
    }

    private readonly record struct Line(string Path, int Number1, string[] Columns, string[] Fields)
    {
        public string Text(string column)
        {
            var at = Array.FindIndex(Columns, name => name.Equals(column, StringComparison.OrdinalIgnoreCase));
            return at < 0
                ? throw new FormatException($"{Path}: there is no column '{column}'.")
                : at < Fields.Length && Fields[at].Length > 0
                    ? Fields[at]
                    : throw new FormatException($"{Path}, line {Number1}: {column} is missing.");
        }

        /// <summary>One of several words.</summary>
        public string Word(string column, params string[] words) => Text(column) is var word && words.Contains(word)
            ? word
            : throw new FormatException($"{Path}, line {Number1}: {column} must be {string.Join(" or ", words)}, not '{word}'.");

        public double Number(string column) =>
            double.TryParse(Text(column), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number > 0 && number <= int.MaxValue
                ? number
                : throw new FormatException($"{Path}, line {Number1}: {column} must be a number above 0, not '{Text(column)}'.");
    }
}
