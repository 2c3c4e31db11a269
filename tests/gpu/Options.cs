using System.Globalization;

namespace Crescent.GpuCheck;

/// <summary>What the program is told.</summary>
internal sealed record Options
{
    /// <summary>For a human.</summary>
    public const string Help =
        """
        Crescent.GpuCheck --out FOLDER [--small] [--only STEP,...] [--limit SECONDS] [--device N]
          --out     where summary.md, summary.json and the logs are written
          --small   small shapes, for an emulated GPU
          --only    these steps alone; all: device, tokens, kernels, products, decode, sampling, parts, sanitizer
          --limit   seconds that all steps have together, 30 to 3600; 400 unless said
          --device  number of the GPU, from 0
        It never changes clocks, limits or modes of the GPU.
        """;

    public string Out { get; init; } = "";

    /// <summary>For what is of no use afterwards: compiled kernels, the steps' own reports.</summary>
    public string Work { get; init; } = Path.Combine(Path.GetTempPath(), $"crescent-gpu-check-{Environment.ProcessId}");

    public bool Small { get; init; }

    public IReadOnlyList<string> Only { get; init; } = [];

    public int LimitSeconds { get; init; } = 400;

    public int Device { get; init; }

    /// <summary>A step to run in this process; the program calls itself so.</summary>
    public string? Step { get; init; }

    /// <summary>Reads them.</summary>
    /// <exception cref="ArgumentException">One is not known or out of range.</exception>
    public static Options Parse(ReadOnlySpan<string> arguments)
    {
        var options = new Options();
        for (var i = 0; i < arguments.Length; i++)
        {
            var name = arguments[i];
            if (name == "--small")
            {
                options = options with { Small = true };
                continue;
            }

            var value = i + 1 < arguments.Length ? arguments[++i] : throw new ArgumentException($"{name} takes a value.");
            options = name switch
            {
                "--out" => options with { Out = Path.GetFullPath(value) },
                "--work" => options with { Work = value },
                "--only" => options with { Only = value.Split(',') },
                "--limit" => options with { LimitSeconds = Number(name, value, 30, 3600) },
                "--device" => options with { Device = Number(name, value, 0, 63) },
                "--step" => options with { Step = value },
                _ => throw new ArgumentException($"{name} is not known."),
            };
        }

        return options.Out.Length > 0 ? options : throw new ArgumentException("--out is missing.");
    }

    private static int Number(string name, string value, int least, int most) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new ArgumentException($"{name} is {least} to {most}, not '{value}'.");
}
