using System.Diagnostics;
using System.Globalization;

namespace Crescent.GpuCheck;

/// <summary>This program, to be called again.</summary>
internal static class Self
{
    /// <summary>Its file, and what comes before its arguments: it may be run by the framework's own host.</summary>
    public static (string File, string[] First) Command
    {
        get
        {
            var file = Environment.ProcessPath!;
            return Path.GetFileNameWithoutExtension(file) == "dotnet" ? (file, [Path.Combine(AppContext.BaseDirectory, "Crescent.GpuCheck.dll")]) : (file, []);
        }
    }

    /// <summary>What runs a step.</summary>
    public static string[] Arguments(Options options, string step)
    {
        string[] all = [.. Command.First, "--out", options.Out, "--work", options.Work, "--step", step, "--device", options.Device.ToString(CultureInfo.InvariantCulture)];
        return options.Small ? [.. all, "--small"] : all;
    }

    /// <summary>A process that runs a step.</summary>
    public static ProcessStartInfo Start(Options options, string step) => new(Command.File, Arguments(options, step));
}
