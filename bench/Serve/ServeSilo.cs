using System.Diagnostics;
using System.Text.Json;

namespace Crescent.Bench.Serve;

/// <summary>A silo in a process of its own, seen from the process that measures it.</summary>
internal sealed class ServeSilo : IAsyncDisposable
{
    private readonly Process _process;

    private ServeSilo(string name, Process process)
    {
        Name = name;
        _process = process;
    }

    public string Name { get; }

    /// <summary>Where its HTTP listens, once <see cref="Ready"/> has ended; <c>none</c> for a device silo.</summary>
    public string Url { get; private set; } = "";

    /// <summary>Starts the process.</summary>
    public static ServeSilo Start(string name, IReadOnlyDictionary<string, string> settings)
    {
        var start = Bench("serve-silo");
        start.RedirectStandardInput = start.RedirectStandardOutput = true;
        foreach (var (key, value) in settings)
        {
            start.ArgumentList.Add($"{key}={value}");
        }

        return new ServeSilo(name, Process.Start(start)!);
    }

    /// <summary>This program, to be started with another command.</summary>
    public static ProcessStartInfo Bench(string command)
    {
        var start = new ProcessStartInfo { FileName = Environment.ProcessPath!, UseShellExecute = false };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
        {
            start.ArgumentList.Add(typeof(ServeSilo).Assembly.Location);
        }

        start.ArgumentList.Add(command);
        return start;
    }

    /// <summary>Waits until it serves.</summary>
    public async Task Ready()
    {
        while (await Line() is { } line)
        {
            if (line.StartsWith(SiloCommand.Ready, StringComparison.Ordinal))
            {
                Url = line[SiloCommand.Ready.Length..];
                return;
            }
        }
    }

    /// <summary>What it has taken so far.</summary>
    public async Task<SiloCost> Cost()
    {
        await _process.StandardInput.WriteLineAsync("cost");
        while (true)
        {
            // Whatever it logs stands between.
            if (await Line() is ['{', ..] line)
            {
                return JsonSerializer.Deserialize<SiloCost>(line)!;
            }
        }
    }

    /// <summary>What a step of its device takes from now on.</summary>
    public Task Pace(int milliseconds) => _process.StandardInput.WriteLineAsync($"step {milliseconds}");

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.StandardOutput.ReadToEndAsync();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task<string> Line() =>
        await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException($"Silo {Name} ended with exit code {(_process.WaitForExit(5000) ? _process.ExitCode : -1)}.");
}
