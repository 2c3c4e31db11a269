using Crescent.Control.Planning;

namespace Crescent.Lab.Servers;

/// <summary>Says how many servers are to be awake.</summary>
public interface IServerCount
{
    /// <summary>As many as it begins with, of <paramref name="all"/>.</summary>
    int First(int all);

    /// <summary>The number from now on.</summary>
    int Wanted(in PlannerView view);
}
