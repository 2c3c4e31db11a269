namespace Crescent.Agents.Steps;

/// <summary>How a step ended. The numbers are stored.</summary>
public enum StepOutcome
{
    /// <summary>With its text.</summary>
    Done = 0,

    /// <summary>It failed again and again, or was rejected by a person; its text says how.</summary>
    Failed = 1,

    /// <summary>It was cut short because nobody needs it any more; its text is what there was.</summary>
    Cut = 2,

    /// <summary>It was not begun: the budget does not allow it.</summary>
    Denied = 3,
}
