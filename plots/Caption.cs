using ScottPlot;

namespace Crescent.Plots;

/// <summary>What stands under a picture: what its numbers are, and how to get them again.</summary>
public static class Caption
{
    /// <summary>Characters of a line that a picture of the usual width has room for.</summary>
    public const int LongestLine = 120;

    private const int MostLines = 8;

    /// <summary>Puts <paramref name="axis"/>, and under it <paramref name="lines"/>, below a plot.</summary>
    public static void Put(Plot plot, string axis, params ReadOnlySpan<string> lines) => Put(plot, axis, LongestLine, lines);

    /// <summary>The same in lines of at most <paramref name="longest"/> characters, for a plot with something beside it.</summary>
    public static void Put(Plot plot, string axis, int longest, params ReadOnlySpan<string> lines)
    {
        var text = axis + "\n";
        foreach (var line in lines)
        {
            text += line.Length > 0 ? "\n" + Wrap(line, longest) : "";
        }

        plot.XLabel(text, size: 13);
    }

    /// <summary>Breaks a text into lines between its words; what is longer than a picture has room for ends with an ellipsis.</summary>
    public static string Wrap(string text, int longest = LongestLine)
    {
        var lines = new List<string> { "" };
        foreach (var word in text.Split(' '))
        {
            if (lines[^1].Length > 0 && lines[^1].Length + word.Length >= longest)
            {
                lines.Add("");
            }

            lines[^1] += lines[^1].Length > 0 ? " " + word : word;
        }

        return string.Join('\n', lines.Take(MostLines)) + (lines.Count > MostLines ? " …" : "");
    }
}
