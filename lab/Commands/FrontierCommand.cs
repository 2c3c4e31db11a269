using System.CommandLine;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Client.Commands;
using Crescent.Client.Connections;
using Crescent.Client.Terminals;
using Crescent.Engine.Devices.Simulated;
using Crescent.Lab.Frontier;
using Spectre.Console;

namespace Crescent.Lab.Commands;

/// <summary><c>lab frontier</c>: a megawatt of one GPU beside a megawatt of another, over the speed each user gets.</summary>
internal sealed class FrontierCommand : Command
{
    private const int DefaultPrompt = 32_768;
    private const int DefaultOutput = 8192;
    private static readonly double[] Speeds = [25, 50, 75, 100, 125, 150, 175, 200, 210, 220, 225, 250, 300, 400];

    private static readonly JsonSerializerOptions Pages = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, WriteIndented = true };

    private readonly Terminal _terminal;

    public FrontierCommand(Terminal terminal) : base(
        "frontier", "Tokens per second of a simulated megawatt over the speed of each user, and their ratio to the first of the systems compared.")
    {
        _terminal = terminal;
        var systems = new Option<string[]>("--systems")
        {
            Description = "GPU/MODEL to compare, the first as the measure (default: h100-sxm/llama-3-70b-fp8 b200/llama-3-70b-fp4 gb200/llama-3-70b-fp4)",
            HelpName = "GPU/MODEL",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = static _ => ["h100-sxm/llama-3-70b-fp8", "b200/llama-3-70b-fp4", "gb200/llama-3-70b-fp4"],
        };
        var prompt = NumberOption.Create<int>(
            "--isl", $"Tokens of a prompt (default: {DefaultPrompt})", "N", "a whole number from 1 to 10,000,000", static value => value is >= 1 and <= 10_000_000);
        var output = NumberOption.Create<int>(
            "--osl", $"Tokens of an answer (default: {DefaultOutput})", "N", "a whole number from 1 to 10,000,000", static value => value is >= 1 and <= 10_000_000);
        var clocks = new Option<FrontierClocks>("--clocks")
        {
            Description = "full: full clocks, and GPUs by the servers' full load, as published frontiers count; one: the best clock for prefill and decode together, and watts as drawn; apart: the best for each",
            HelpName = "full|one|apart",
            DefaultValueFactory = static _ => FrontierClocks.Full,
        };
        var json = new Option<FileInfo?>("--json") { Description = "Write all points of the frontiers to this file as JSON", HelpName = "OUT" };
        Options.Add(systems);
        Options.Add(prompt);
        Options.Add(output);
        Options.Add(clocks);
        Options.Add(json);
        SetAction((parsed, _) => CommandGuard.Run(
            _terminal,
            json: false,
            interrupted => Compare(
                parsed.GetRequiredValue(systems),
                parsed.GetValue(prompt) ?? DefaultPrompt,
                parsed.GetValue(output) ?? DefaultOutput,
                parsed.GetValue(clocks),
                parsed.GetValue(json),
                interrupted)));
    }

    private async Task<int> Compare(string[] systems, int prompt, int output, FrontierClocks clocks, FileInfo? json, CancellationToken interrupted)
    {
        try
        {
            FrontierCurve[] curves = [.. systems.Select(system => Curve(system, prompt, output, clocks))];
            _terminal.Output.Write(Table(curves, prompt, output, clocks));
            if (json is not null)
            {
                await File.WriteAllTextAsync(json.FullName, Document(curves, prompt, output, clocks), interrupted);
            }

            return ExitCodes.Success;
        }
        catch (Exception fault) when (fault is FormatException or IOException or UnauthorizedAccessException)
        {
            throw new FactoryException(fault.Message, "Give systems as GPU/MODEL, such as h100-sxm/llama-3-70b-fp8.", fault);
        }
    }

    private static FrontierCurve Curve(string system, int prompt, int output, FrontierClocks clocks)
    {
        var slash = system.IndexOf('/', StringComparison.Ordinal);
        if (slash < 1)
        {
            throw new FormatException($"'{system}' is no GPU/MODEL");
        }

        var curve = FrontierCurve.Of(GpuModels.Find(system[..slash]), SimulatedModels.Find(system[(slash + 1)..]), prompt, output, clocks: clocks);
        return curve.Points.Count > 0 ? curve : throw new FormatException($"{system}: no group of GPUs holds one request of {prompt} + {output} tokens");
    }

    private static Table Table(FrontierCurve[] curves, int prompt, int output, FrontierClocks clocks)
    {
        var table = new Table().Title($"simulated: tokens/s of a megawatt, {prompt}/{output} tokens a request{Said(clocks)}").Border(TableBorder.Simple);
        table.AddColumn(new TableColumn("tokens/s per user").RightAligned());
        foreach (var curve in curves)
        {
            table.AddColumn(new TableColumn(Markup.Escape($"{curve.Gpu.Name} {curve.Shape.Name}")).RightAligned());
        }

        foreach (var speed in Speeds)
        {
            var first = curves[0].VolumeAt(speed);
            table.AddRow([
                speed.ToString("0", CultureInfo.InvariantCulture),
                .. curves.Select((curve, i) => Cell(curve.VolumeAt(speed), first, i == 0)),
            ]);
        }

        return table;
    }

    private static string Word(FrontierClocks clocks) => clocks switch
    {
        FrontierClocks.One => "one",
        FrontierClocks.Apart => "apart",
        _ => "full",
    };

    private static string Said(FrontierClocks clocks) => clocks switch
    {
        FrontierClocks.One => ", at the best clock",
        FrontierClocks.Apart => ", at the best clocks of prefill and decode",
        _ => "",
    };

    private static string Cell(double volume, double first, bool isFirst) =>
        volume == 0
            ? "-"
            : isFirst || first == 0
                ? volume.ToString("#,0", CultureInfo.InvariantCulture)
                : string.Create(CultureInfo.InvariantCulture, $"{volume:#,0} ({volume / first:0.0}x)");

    private static string Document(FrontierCurve[] curves, int prompt, int output, FrontierClocks clocks) => new JsonObject
    {
        ["source"] = "simulated",
        ["isl"] = prompt,
        ["osl"] = output,
        ["pue"] = FrontierCurve.Pue,
        ["clocks"] = Word(clocks),
        ["frontiers"] = new JsonArray([.. curves.Select(curve => (JsonNode)new JsonObject
        {
            ["gpu"] = curve.Gpu.Name,
            ["model"] = curve.Shape.Name,
            ["gpus_per_megawatt"] = Math.Round(FrontierCurve.GpusPerMegawatt(curve.Gpu), 1),
            ["points"] = new JsonArray([.. curve.Points.Select(point => (JsonNode)new JsonObject
            {
                ["tensor_parallel"] = point.TensorParallel,
                ["data_parallel"] = point.DataParallel,
                ["batch"] = point.Batch,
                ["prefill_clock"] = point.PrefillClock,
                ["decode_clock"] = point.DecodeClock,
                ["tokens_per_second_per_user"] = Math.Round(point.TokensPerSecondPerUser, 2),
                ["tokens_per_second_per_megawatt"] = Math.Round(point.TokensPerSecondPerMegawatt, 1),
                ["ratio"] = curves[0].VolumeAt(point.TokensPerSecondPerUser) is > 0 and var first
                    ? Math.Round(point.TokensPerSecondPerMegawatt / first, 3)
                    : null,
            })]),
        })]),
    }.ToJsonString(Pages);
}
