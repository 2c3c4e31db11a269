using System.Globalization;
using Crescent.Agents.Tasks;
using Crescent.Grains.Contracts.Agents;

namespace Crescent.Grains.Agents;

/// <summary>Why a call cannot be decided on.</summary>
internal static class DecisionFault
{
    /// <summary>What was decided before, or that the task has ended, or that no call of <paramref name="hash"/> waits.</summary>
    public static AgentRefusedException Of(AgentMachine machine, string hash) => new("hash", machine.DecisionOf(hash) switch
    {
        { Kind: var kind, At: var at, Reason: var reason } =>
            string.Create(CultureInfo.InvariantCulture, $"This call was {(kind == EntryKind.Approved ? "approved" : "rejected")} at {at:O} already{(reason is null ? "." : $": {reason}")}"),
        null when machine.HasEnded => $"No call of the task '{machine.Id}' waits for approval: it has ended ({machine.Cause ?? AgentEvents.Word(machine.State)}).",
        null => $"No call of the task '{machine.Id}' with the hash '{hash}' waits for approval.",
    });
}
