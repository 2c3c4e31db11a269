using System.Globalization;
using Crescent.Grains.Contracts.Factory;
using Crescent.Silo.Configuration;
using Crescent.Silo.Hosting;
using Spectre.Console;

namespace Crescent.Silo.Supervision;

/// <summary>What whoever starts a local cluster sees.</summary>
internal sealed class ClusterConsole : IClusterConsole
{
    private const int PlainWidth = 140;
    private const int MaxListed = 4;

    private readonly IAnsiConsole _console;
    private readonly TimeProvider _time;
    private readonly long _start;

    public ClusterConsole(TimeProvider time)
    {
        _time = time;
        _start = time.GetTimestamp();
        _console = AnsiConsole.Create(new AnsiConsoleSettings());
        if (Console.IsOutputRedirected)
        {
            _console.Profile.Width = PlainWidth;
        }
    }

    public void Begin(string model, string clusterId, int silos) => _console.MarkupLineInterpolated(
        $"[bold]Crescent[/] {ProductVersion.Number}: starting {silos} {(silos == 1 ? "silo" : "silos")} with [bold]{model}[/], cluster {clusterId}");

    public void Progress(string text) => Line(string.Create(
        CultureInfo.InvariantCulture, $"  {_time.GetElapsedTime(_start).TotalSeconds,5:0.0} s  {text}"));

    public void Notice(string text) => _console.MarkupLineInterpolated($"[yellow]{text}[/]");

    /// <summary>Says so when others than this machine can reach the front end.</summary>
    public void WarnOfExposure(HttpOptions options, AuthOptions auth)
    {
        if (!options.IsLocal && auth.Mode == AuthMode.None)
        {
            Notice($"{Settings.Urls.Option} {options.Urls} can be reached from other machines, and the front end asks nobody who they are.");
        }
    }

    public void Error(string text) => _console.MarkupLineInterpolated($"[red]{text}[/]");

    /// <summary>A line that a silo logged; one that is an object stays one.</summary>
    public static void Log(string silo, string line) => Line(LogLine.IsJson(line) ? $"{{\"Silo\":\"{silo}\",{line.AsSpan(1)}" : $"[{silo}] {line}");

    /// <summary>The cluster as it serves, and what to try next.</summary>
    public void Serving(FactorySnapshot factory, string url, IReadOnlyDictionary<string, int> processes)
    {
        var table = new Table().AddColumns("silo", "role", "devices", "address", "process");
        foreach (var silo in factory.Silos.OrderByDescending(s => s.Role == "front").ThenBy(s => s.Name, StringComparer.Ordinal))
        {
            var devices = Describe([.. factory.Devices.Where(d => d.Silo == silo.Name)]);
            table.AddRow(
                Markup.Escape(silo.Name),
                Markup.Escape(silo.Role),
                Markup.Escape(devices.Count > 0 ? string.Join('\n', devices) : "-"),
                Markup.Escape(silo.Role == "device" ? silo.Address : $"{url}\n{silo.Address}"),
                processes.TryGetValue(silo.Name, out var process) ? process.ToString(CultureInfo.InvariantCulture) : "-");
        }

        _console.Write(table);
        Progress($"serving {factory.Model} on {url}");

        // Plain lines: they are there to be copied, and a wrapped one could not be.
        Line("");
        Line("Try:");
        Line($"  curl -N {url}/v1/chat/completions -H 'Content-Type: application/json' \\");
        Line("    -d '{\"messages\": [{\"role\": \"user\", \"content\": \"What is 23 + 48?\"}], \"temperature\": 0, \"stream\": true}'");
        Line("  dotnet run -c Release --project client -- chat");
        Line("  dotnet run -c Release --project client -- top");
        Line("");
        Line("Ctrl+C stops the cluster.");
    }

    // Many devices are told by their number.
    private static List<string> Describe(IReadOnlyList<DeviceSnapshot> devices) => devices.Count <= MaxListed
        ? [.. devices.Select(static d => $"{d.Device}: {d.Description}")]
        : [.. devices.GroupBy(static d => d.Description).Select(static g => $"{g.Count()} devices, each {g.Key}")];

    private static void Line(string text) => Console.Out.WriteLine(text);
}
