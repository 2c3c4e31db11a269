using System.CommandLine;
using Crescent.Client.Connections;
using Crescent.Client.Json;
using Crescent.Client.Rendering;
using Crescent.Client.Terminals;
using Crescent.Grains.Contracts.Power;

namespace Crescent.Client.Commands;

/// <summary><c>power</c>: shows power budgets and caps, and changes the cluster's budget.</summary>
internal sealed class PowerCommand : Command
{
    private const string None = "none";

    private readonly Terminal _terminal;
    private readonly Connector _connect;

    public PowerCommand(Terminal terminal, Connector connect) : base(
        "power", "Show power budgets, caps and what the governor does; change the cluster's budget while it runs.")
    {
        _terminal = terminal;
        _connect = connect;
        var budget = new Option<string?>("--budget")
        {
            HelpName = "POWER",
            Description = $"New budget of the cluster: {PowerQuantity.Takes}; or {None} (default: leave it). Racks, nodes and devices keep theirs",
        };
        budget.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && text != None && !PowerQuantity.TryParse(text, out _))
            {
                result.AddError($"--budget takes {PowerQuantity.Takes}, or {None}, not '{text}'.");
            }
        });
        var connection = new ConnectionOptions("the state as JSON");
        Options.Add(budget);
        connection.AddTo(this);
        SetAction((parsed, _) =>
        {
            var json = connection.Json(parsed);
            return CommandGuard.Run(
                _terminal, json, interrupted => Show(parsed.GetValue(budget), json, connection.Settings(parsed), interrupted));
        });
    }

    private async Task<int> Show(string? budget, bool json, ConnectionSettings settings, CancellationToken interrupted)
    {
        await using var connection = await _connect(settings, interrupted);
        var power = await connection.GetPower(interrupted);
        if (budget is not null)
        {
            var quantity = PowerQuantity.TryParse(budget, out var parsed) ? parsed : default;
            power = await connection.SetBudgets(
                power.Budgets with { ClusterWatts = quantity.Watts, ClusterShare = quantity.Share }, interrupted);
        }

        if (json)
        {
            _terminal.WriteData(WireJson.Pages.Text(power));
        }
        else
        {
            _terminal.Output.Write(PowerLines.Of(power));
        }

        return ExitCodes.Success;
    }
}
