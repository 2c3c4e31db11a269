using Crescent.Agents.Steps;

namespace Crescent.Agents.Tasks;

/// <summary>A step of a task and where it stands.</summary>
internal sealed class StepPlace(Step step)
{
    public Step Step { get; } = step;

    public StepStage Stage { get; set; } = StepStage.Queued;

    /// <summary>Whether nobody needs it any more.</summary>
    public bool IsCut { get; set; }

    /// <summary>Whether it waits for others to give budget back, although it counts as under way.</summary>
    public bool IsShort { get; set; }

    /// <summary>Whether a person has approved it.</summary>
    public bool IsApproved { get; set; }

    /// <summary>Times that nobody knew what had become of its tool.</summary>
    public int Unknown { get; set; }

    /// <summary>Whether its tool may have been called.</summary>
    public bool IsIntended { get; set; }
}
