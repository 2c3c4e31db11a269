using Crescent.Client.Connections;
using Crescent.Client.Json;
using Crescent.Client.Terminals;

namespace Crescent.Client.Commands;

/// <summary>Runs a command's work and turns its failure into a line and an exit code.</summary>
internal static class CommandGuard
{
    /// <param name="terminal">Where the line goes.</param>
    /// <param name="json">Whether the failure also goes to the output as a JSON document.</param>
    /// <param name="work">The work; its token is cancelled by Ctrl+C.</param>
    public static async Task<int> Run(Terminal terminal, bool json, Func<CancellationToken, Task<int>> work)
    {
        using var interrupt = terminal.Interrupts.Begin();
        try
        {
            return await work(interrupt.Token);
        }
        catch (FactoryException failure)
        {
            Report(terminal, json, failure);
            return ExitCodes.Failure;
        }
        catch (OperationCanceledException) when (interrupt.Token.IsCancellationRequested)
        {
            return ExitCodes.Interrupted;
        }
    }

    /// <summary>Tells the user of a failure.</summary>
    public static void Report(Terminal terminal, bool json, FactoryException failure)
    {
        if (json)
        {
            terminal.WriteData(FailureJson.Text(FailureDocument.Of(failure)));
        }

        terminal.WriteFailure(failure);
    }
}
