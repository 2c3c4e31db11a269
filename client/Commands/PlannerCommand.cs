using System.CommandLine;
using Crescent.Client.Json;
using Crescent.Client.Rendering;
using Crescent.Client.Terminals;

namespace Crescent.Client.Commands;

/// <summary><c>planner</c>: shows how many device replicas there should be, and why.</summary>
internal sealed class PlannerCommand : Command
{
    public PlannerCommand(Terminal terminal, Connector connect) : base("planner", "Show how many device replicas there are, how many there should be, and why.")
    {
        var connection = new ConnectionOptions("the state as JSON");
        connection.AddTo(this);
        SetAction((parsed, _) =>
        {
            var json = connection.Json(parsed);
            return CommandGuard.Run(terminal, json, async interrupted =>
            {
                await using var factory = await connect(connection.Settings(parsed), interrupted);
                var plan = await factory.GetPlan(interrupted);
                if (json)
                {
                    terminal.WriteData(WireJson.Pages.Text(plan));
                }
                else
                {
                    terminal.Output.Write(PlannerLines.Of(plan));
                }

                return ExitCodes.Success;
            });
        });
    }
}
