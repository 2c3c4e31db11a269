using Crescent.Control.Planning;

namespace Crescent.Lab.Servers;

/// <summary>
/// What Kubernetes' HorizontalPodAutoscaler does with a metric of pods: as many as make their mean the target, unless they do within a tenth, and fewer only when
/// five minutes have asked for no more (its defaults).
/// </summary>
/// <param name="target">Calls that run or wait, for each server.</param>
/// <param name="fewest">Fewest servers.</param>
/// <param name="most">Most servers.</param>
public sealed class ThresholdServers(double target, int fewest, int most) : IServerCount
{
    private const double Tolerance = 0.1;
    private const double WindowSeconds = 300;

    private readonly Queue<(double At, int Wanted)> _window = new();

    public int First(int all) => Math.Min(all, most);

    public int Wanted(in PlannerView view)
    {
        var ratio = view.Load.Sequences / view.Replicas / target;
        var wanted = Math.Clamp(Math.Abs(ratio - 1) <= Tolerance ? view.Replicas : (int)Math.Ceiling(view.Load.Sequences / target), fewest, most);
        _window.Enqueue((view.Now, wanted));
        while (_window.Peek().At < view.Now - WindowSeconds)
        {
            _window.Dequeue();
        }

        return wanted >= view.Replicas ? wanted : Math.Min(view.Replicas, _window.Max(static w => w.Wanted));
    }
}
