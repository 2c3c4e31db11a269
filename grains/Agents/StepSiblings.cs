using Crescent.Agents.Steps;
using Crescent.Engine.Scheduling;

namespace Crescent.Grains.Agents;

/// <summary>Groups of steps that start together and have the same prompt.</summary>
/// <param name="task">Their task.</param>
internal sealed class StepSiblings(string task)
{
    private readonly Dictionary<string, SiblingGroup> _groups = new(StringComparer.Ordinal);

    /// <summary>The group of a step; null for one on its own.</summary>
    public SiblingGroup? Of(Step step)
    {
        SiblingGroup? group = null;
        if (step is InferenceStep { Siblings: { } siblings } && !_groups.TryGetValue(siblings, out group))
        {
            _groups[siblings] = group = new SiblingGroup($"{task}/{siblings}");
        }

        return group;
    }
}
