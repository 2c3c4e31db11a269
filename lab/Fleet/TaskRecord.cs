namespace Crescent.Lab.Fleet;

/// <summary>A task of a session: from what its user asks until the agent gives the word back.</summary>
internal sealed class TaskRecord
{
    /// <summary>When its first call was made, s.</summary>
    public required double BeganAt { get; init; }

    /// <summary>Whether it began in the time that is measured.</summary>
    public required bool IsMeasured { get; init; }

    /// <summary>When its last answer was there, s; the moment of the last look while it goes on.</summary>
    public double EndedAt { get; set; }

    /// <summary>Of that, time in which it waited for answers, s; of sub-agents side by side that of each.</summary>
    public double CallSeconds { get; set; }

    /// <summary>Tokens that were computed for it and put out, in prompt tokens: an output token counts as two.</summary>
    public double Work { get; set; }

    /// <summary>Its calls.</summary>
    public int Calls { get; set; }

    /// <summary>It has come to its end.</summary>
    public bool IsDone { get; set; }

    public bool Failed { get; set; }
}
