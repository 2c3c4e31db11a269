using Crescent.Client.Commands;
using Crescent.Client.Connections;
using Crescent.Client.Terminals;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Crescent.Lab.Commands;

/// <summary>Runs a study: on a thread of its own with a bar for the user, then its table, then its JSON where a file is named.</summary>
internal static class StudyRuns
{
    /// <summary>Runs it.</summary>
    /// <param name="terminal">Where it is shown.</param>
    /// <param name="name">The command, for its help.</param>
    /// <param name="read">What the command line says: how many runs, and how they are done; hears of each.</param>
    /// <param name="show">Its table.</param>
    /// <param name="json">Its JSON, and the file for it, if there is one.</param>
    /// <param name="interrupted">Ends it.</param>
    public static async Task<int> Run<T>(
        Terminal terminal, string name, Func<(int Count, Func<Action, T> Run)> read, Func<T, IRenderable> show, (FileInfo? File, Func<T, string> Text) json, CancellationToken interrupted)
    {
        try
        {
            var (count, run) = read();
            T report = default!;
            await terminal.Error.Progress().AutoClear(true).StartAsync(async progress =>
            {
                var runs = progress.AddTask($"{count} simulated runs", maxValue: count);
                report = await Task.Factory.StartNew(() => run(() => runs.Increment(1)), interrupted, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            });
            terminal.Output.Write(show(report));
            if (json.File is { } file)
            {
                await File.WriteAllTextAsync(file.FullName, json.Text(report), interrupted);
            }

            return ExitCodes.Success;
        }
        catch (Exception fault) when (fault is FormatException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new FactoryException(fault.Message, $"See crescent lab {name} --help.", fault);
        }
    }
}
