using System.Diagnostics;
using System.Globalization;

namespace Crescent.Silo.Supervision;

/// <summary>
/// The <c>dotnet run</c> that this process is the program of. It passes signals on, but when it is killed nobody tells its program: so
/// that whoever kills it kills the cluster, its end is watched. Known on Linux only.
/// </summary>
internal static class Launcher
{
    /// <summary>Ends when the <c>dotnet run</c> above this process has ended; never without one.</summary>
    public static async Task Ended(CancellationToken cancellationToken)
    {
        using var launcher = Find();
        await (launcher?.WaitForExitAsync(cancellationToken) ?? Task.Delay(Timeout.Infinite, cancellationToken));
    }

    private static Process? Find()
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        try
        {
            // After the name, which stands in parentheses and may hold any character: state, parent, …
            var status = File.ReadAllText("/proc/self/stat");
            var fields = status[(status.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var parent = int.Parse(fields[1], CultureInfo.InvariantCulture);
            var command = File.ReadAllText($"/proc/{parent}/cmdline").Split('\0');
            return command is [var executable, "run", ..] && Path.GetFileName(executable) == "dotnet" ? Process.GetProcessById(parent) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or FormatException)
        {
            // The parent has ended meanwhile, or is not ours to look at.
            return null;
        }
    }
}
