using Crescent.Control.Planning;

namespace Crescent.Lab.Servers;

/// <summary>Always the same number.</summary>
/// <param name="servers">How many, 1 or more.</param>
public sealed class FixedServers(int servers) : IServerCount
{
    public int First(int all) => Math.Min(all, servers);

    public int Wanted(in PlannerView view) => servers;
}
