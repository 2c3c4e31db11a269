using System.CommandLine;
using Crescent.Client.Connections;
using Crescent.Client.Conversations;
using Crescent.Client.Json;
using Crescent.Client.Rendering;
using Crescent.Client.Terminals;
using Microsoft.Extensions.AI;

namespace Crescent.Client.Commands;

/// <summary><c>run PROMPT</c>: one answer, streamed to standard output; its summary goes to standard error.</summary>
internal sealed class RunCommand : Command
{
    private const string FromInput = "-";

    private readonly Terminal _terminal;
    private readonly Connector _connect;

    public RunCommand(Terminal terminal, Connector connect) : base("run", "Answer one prompt on standard output; the summary goes to standard error.")
    {
        _terminal = terminal;
        _connect = connect;
        var prompt = new Argument<string>("PROMPT") { Description = "What to ask; - reads it from standard input" };
        var generation = new TextOptions();
        var connection = new ConnectionOptions("one JSON object with text, finish_reason and usage, once the answer is whole");
        Arguments.Add(prompt);
        generation.AddTo(this);
        connection.AddTo(this);
        SetAction((parsed, _) =>
        {
            var json = connection.Json(parsed);
            return CommandGuard.Run(
                _terminal,
                json,
                interrupted => Answer(
                    parsed.GetRequiredValue(prompt), generation.System(parsed), generation.Options(parsed), connection.Settings(parsed), json, interrupted));
        });
    }

    private async Task<int> Answer(
        string prompt, string? system, ChatOptions options, ConnectionSettings settings, bool json, CancellationToken interrupted)
    {
        if (prompt == FromInput)
        {
            prompt = (await _terminal.ReadToEnd(interrupted)).TrimEnd('\r', '\n');
        }

        if (string.IsNullOrWhiteSpace(prompt))
        {
            throw new FactoryException("The prompt is empty", "Give it as PROMPT, or pipe it in with -.");
        }

        await using var connection = await _connect(settings, interrupted);
        var shown = "";
        void Show(string text)
        {
            shown = text;
            _terminal.WriteAnswer(text);
        }

        Answer answer;
        try
        {
            var stream = connection.Chat(new Conversation(system).Ask(prompt), options, interrupted);
            answer = await Conversations.Answer.Follow(stream, json ? static _ => { } : Show, interrupted);
        }
        finally
        {
            if (shown.Length > 0 && !shown.EndsWith('\n'))
            {
                _terminal.WriteAnswer("\n");
            }
        }

        answer = await new JoulesSources().Complete(answer, connection, interrupted);
        if (json)
        {
            _terminal.WriteData(WireJson.Line.Text(AnswerDocument.Of(answer)));
        }
        else
        {
            Terminal.WriteNote(_terminal.Error, AnswerSummary.Of(answer));
        }

        return answer.FinishReason == Conversations.Answer.Cancelled ? ExitCodes.Interrupted : ExitCodes.Success;
    }
}
