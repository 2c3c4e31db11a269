using Crescent.Lab.Fleet;

namespace Crescent.Lab.Studies;

/// <summary>What kept a fleet from serving more agents: the smallest number that was tried and found too many.</summary>
/// <param name="Agents">How many they were.</param>
/// <param name="SpeedP25">Tokens a second that three quarters of the calls had at the least.</param>
/// <param name="TtftP95">Seconds to the first token that 95 of 100 calls had at the most.</param>
/// <param name="NewTokensP95">Prompt tokens that no cache held, 95 of 100 calls had no more.</param>
/// <param name="BusyShare">Share of the devices' time in which they ran steps.</param>
/// <param name="PromptShare">Share of that in steps in which prompts were computed.</param>
/// <param name="MostKvShare">Share of KV memory that calls held when they held the most, on the fullest device.</param>
public sealed record AgentLimit(
    int Agents, double SpeedP25, double TtftP95, double NewTokensP95, double BusyShare, double PromptShare, double MostKvShare)
{
    /// <summary>From this share on memory counts as full, and devices as busy.</summary>
    private const double Full = 0.95;

    /// <summary>What is short, as far as these figures tell.</summary>
    public string Cause => MostKvShare >= Full ? "KV memory"
        : BusyShare < Full ? "single prompts"
        : PromptShare > 0.5 ? "prompts"
        : "decode";

    /// <summary>Of a run.</summary>
    internal static AgentLimit Of(int agents, SessionResult result) => new(
        agents, result.SpeedP25, result.TtftP95, result.NewTokensP95, result.Fleet.BusyShare, result.Fleet.PromptShare, result.Fleet.MostKvShare);
}
