namespace Crescent.Lab.Studies;

/// <summary>As many agents on one device as a tier allows.</summary>
/// <param name="System">The device and its model, as they were given.</param>
/// <param name="Tier">What each agent is given.</param>
/// <param name="Agents">How many there are at once; 0 where not even one is.</param>
/// <param name="PerGpu">The same for each GPU.</param>
/// <param name="PerMegawatt">The same for each megawatt that the GPUs drew in the mean.</param>
/// <param name="PerMegawattAtWall">The same for each megawatt that their servers drew.</param>
/// <param name="SpeedP25">Tokens a second that three quarters of the calls had at the least.</param>
/// <param name="TtftP95">Seconds to the first token that 95 of 100 calls had at the most.</param>
/// <param name="CachedShare">Share of prompt tokens found on the device or in its host's memory.</param>
public sealed record AgentRun(
    string System, AgentTier Tier, int Agents, double PerGpu, double PerMegawatt, double PerMegawattAtWall, double SpeedP25, double TtftP95, double CachedShare);
