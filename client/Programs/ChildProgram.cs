using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Crescent.Client.Connections;

namespace Crescent.Client.Programs;

/// <summary>A program that has this one's terminal, and ends with it.</summary>
internal static class ChildProgram
{
    private const int Terminate = 15;

    /// <summary>What a program that is told to end may take for it.</summary>
    private static readonly TimeSpan EndsWithin = TimeSpan.FromSeconds(10);

    /// <summary>Runs it to its end.</summary>
    /// <param name="program">Its path.</param>
    /// <param name="args">Its arguments.</param>
    /// <param name="interrupted">Tells it to end; what has not ended 10 s later is killed.</param>
    /// <returns>Its exit code.</returns>
    /// <exception cref="FactoryException">It does not start.</exception>
    public static async Task<int> Run(string program, IReadOnlyList<string> args, CancellationToken interrupted)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(interrupted);
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            stop.Cancel();
        });
        using var process = Start(program, args);
        await using (stop.Token.Register(() => End(process)))
        {
            try
            {
                await process.WaitForExitAsync(stop.Token);
            }
            catch (OperationCanceledException)
            {
                using var late = new CancellationTokenSource(EndsWithin);
                await using (late.Token.Register(process.Kill))
                {
                    await process.WaitForExitAsync(CancellationToken.None);
                }
            }
        }

        return process.ExitCode;
    }

    private static Process Start(string program, IReadOnlyList<string> args)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(program, args))!;
        }
        catch (Win32Exception fault)
        {
            throw new FactoryException($"{program} does not start: {fault.Message}", "Build or install it again.", fault);
        }
    }

    // Ctrl+C reaches all programs of a terminal; a signal to this one alone is passed on. Where there are no signals, time ends it.
    private static void End(Process process)
    {
        if (!OperatingSystem.IsWindows() && !process.HasExited)
        {
            _ = Signal(process.Id, Terminate);
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Signal(int process, int signal);
}
