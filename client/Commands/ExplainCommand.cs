using System.CommandLine;
using Crescent.Client.Connections;
using Crescent.Client.Json;
using Crescent.Client.Rendering;
using Crescent.Client.Terminals;

namespace Crescent.Client.Commands;

/// <summary><c>explain</c>: why a request went where it went.</summary>
internal sealed class ExplainCommand : Command
{
    private readonly Terminal _terminal;
    private readonly Connector _connect;

    public ExplainCommand(Terminal terminal, Connector connect) : base(
        "explain", "Show why a request went to its device: all candidates of each decision with the terms of their scores.")
    {
        _terminal = terminal;
        _connect = connect;
        var id = new Argument<string>("ID") { Description = "The request's id, as its answer carries it, such as chatcmpl-…" };
        var connection = new ConnectionOptions("JSON, one document");
        Arguments.Add(id);
        connection.AddTo(this);
        SetAction((parsed, _) =>
        {
            var json = connection.Json(parsed);
            return CommandGuard.Run(
                _terminal, json, interrupted => Explain(parsed.GetValue(id)!, json, connection.Settings(parsed), interrupted));
        });
    }

    private async Task<int> Explain(string requestId, bool json, ConnectionSettings settings, CancellationToken interrupted)
    {
        await using var connection = await _connect(settings, interrupted);
        var answer = await connection.GetDecisions(requestId, interrupted);
        if (json)
        {
            _terminal.WriteData(WireJson.Pages.Text(answer));
        }
        else
        {
            _terminal.Output.Write(DecisionTable.Of(answer));
        }

        return ExitCodes.Success;
    }
}
