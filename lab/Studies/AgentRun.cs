namespace Crescent.Lab.Studies;

/// <summary>As many agents on a fleet as a tier allows.</summary>
/// <param name="System">The devices and their model, as they were given.</param>
/// <param name="Policy">How calls are placed and caps set.</param>
/// <param name="Tier">What each agent is given.</param>
/// <param name="Agents">How many there are at once; 0 where not even the fewest that were tried are.</param>
/// <param name="PerGpu">The same for each GPU.</param>
/// <param name="PerMegawatt">The same for each megawatt that the GPUs drew in the mean while they were measured.</param>
/// <param name="PerMegawattAtWall">The same for each megawatt that their servers drew.</param>
/// <param name="WattsPerGpu">What a GPU drew in the mean, W.</param>
/// <param name="SpeedP25">Tokens a second that three quarters of the calls had at the least.</param>
/// <param name="TtftP95">Seconds to the first token that 95 of 100 calls had at the most.</param>
/// <param name="CachedShare">Share of prompt tokens found on the device or in its host's memory.</param>
/// <param name="Limit">What kept it from more; null where the most that were tried are served.</param>
public sealed record AgentRun(
    string System,
    string Policy,
    AgentTier Tier,
    int Agents,
    double PerGpu,
    double PerMegawatt,
    double PerMegawattAtWall,
    double WattsPerGpu,
    double SpeedP25,
    double TtftP95,
    double CachedShare,
    AgentLimit? Limit);
