using Crescent.Client.Commands;
using Crescent.Client.Connections;
using Crescent.Client.Json;
using Crescent.Client.Rendering;
using Crescent.Client.Terminals;
using Microsoft.Extensions.AI;
using Spectre.Console;

namespace Crescent.Client.Conversations;

/// <summary>
/// A conversation over a terminal: reads a line, answers it, shows what it took. A human may go on after a failure; input from a
/// pipe stops at the first.
/// </summary>
/// <param name="terminal">Where lines come from and answers go.</param>
/// <param name="connect">Opens a connection; called again when one is lost.</param>
/// <param name="options">Sampling and limits of every turn.</param>
/// <param name="json">Whether each turn is one JSON line.</param>
internal sealed class ChatSession(Terminal terminal, Func<CancellationToken, Task<IFactoryConnection>> connect, ChatOptions options, bool json)
    : IAsyncDisposable
{
    private const string Help =
        """
        /help         this list
        /reset        forget the conversation; the system message stays
        /system TEXT  replace the system message, without TEXT remove it, and forget the conversation
        /exit         leave
        //TEXT        send a line that begins with a slash
        Ctrl+C        cut the answer short; at the prompt: leave
        """;

    private readonly JoulesSources _sources = new();
    private IFactoryConnection? _connection;
    private int _turns;

    public required Conversation Conversation { get; init; }

    private bool Interactive => terminal.InputIsTerminal;

    // JSON output has nothing but its documents on standard output.
    private IAnsiConsole Notes => json ? terminal.Error : terminal.Notes;

    /// <summary>Talks until the input ends, the user leaves, or (from a pipe) a turn fails.</summary>
    /// <exception cref="FactoryException">The factory cannot be reached at the start, or a turn from a pipe failed.</exception>
    public async Task<int> Run(CancellationToken interrupted)
    {
        if (Interactive)
        {
            _connection = await connect(interrupted);
            var factory = await _connection.GetFactory(interrupted);
            Terminal.WriteNote(Notes, $"{factory.Model} on {factory.Devices.Count} device(s) of {factory.ClusterId}; /help lists what can be typed.");
        }

        while (await Prompt() is { } line)
        {
            if (line.StartsWith('/') && !line.StartsWith("//", StringComparison.Ordinal))
            {
                if (!Obey(line))
                {
                    break;
                }
            }
            else if (!string.IsNullOrWhiteSpace(line))
            {
                var answer = await Turn(line.StartsWith("//", StringComparison.Ordinal) ? line[1..] : line);
                if (answer?.FinishReason == Answer.Cancelled && !Interactive)
                {
                    return ExitCodes.Interrupted;
                }
            }
        }

        return ExitCodes.Success;
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
        {
            await _connection.DisposeAsync();
            _connection = null;
        }
    }

    // Null to leave: at the end of the input, or on Ctrl+C.
    private async Task<string?> Prompt()
    {
        if (Interactive)
        {
            Notes.Write("> ");
        }

        using var interrupt = terminal.Interrupts.Begin();
        try
        {
            return await terminal.ReadLine(interrupt.Token);
        }
        catch (OperationCanceledException) when (interrupt.Token.IsCancellationRequested)
        {
            Notes.WriteLine();
            return null;
        }
    }

    private bool Obey(string line)
    {
        var (name, rest) = line.Split(' ', 2, StringSplitOptions.TrimEntries) is [var head, var tail] ? (head, tail) : (line.Trim(), "");
        switch (name)
        {
            case "/exit":
                return false;
            case "/help":
                Terminal.WriteNote(Notes, Help);
                break;
            case "/reset":
                Conversation.Reset();
                Terminal.WriteNote(Notes, "The conversation is forgotten.");
                break;
            case "/system":
                Conversation.System = rest.Length > 0 ? rest : null;
                Conversation.Reset();
                Terminal.WriteNote(Notes, rest.Length > 0 ? "The system message is set." : "There is no system message now.");
                break;
            default:
                Terminal.WriteNote(Notes, $"There is no {name}; /help lists what can be typed.");
                break;
        }

        return true;
    }

    private async Task<Answer?> Turn(string question)
    {
        using var interrupt = terminal.Interrupts.Begin();
        _turns++;
        try
        {
            _connection ??= await connect(interrupt.Token);
            var answer = await Stream(_connection, question, interrupt.Token);
            Conversation.Remember(question, answer.Text);
            answer = await _sources.Complete(answer, _connection, interrupt.Token);
            if (json)
            {
                terminal.WriteData(WireJson.Line.Text(TurnDocument.Of(_turns, answer)));
            }
            else
            {
                Terminal.WriteNote(Notes, AnswerSummary.Of(answer));
            }

            return answer;
        }
        catch (OperationCanceledException) when (interrupt.Token.IsCancellationRequested)
        {
            return new Answer { Text = "", FinishReason = Answer.Cancelled };
        }
        catch (FactoryException failure) when (Interactive)
        {
            if (failure.ConnectionLost)
            {
                await DisposeAsync();
            }

            CommandGuard.Report(terminal, json, failure);
            return null;
        }
    }

    private async Task<Answer> Stream(IFactoryConnection connection, string question, CancellationToken interrupted)
    {
        var turn = options.Clone();
        turn.ConversationId = Conversation.Session;
        var shown = "";
        void Show(string text)
        {
            shown = text;
            terminal.WriteAnswer(text);
        }

        try
        {
            return await Answer.Follow(connection.Chat(Conversation.Ask(question), turn, interrupted), json ? static _ => { } : Show, interrupted);
        }
        finally
        {
            if (shown.Length > 0 && !shown.EndsWith('\n'))
            {
                terminal.WriteAnswer("\n");
            }
        }
    }
}
