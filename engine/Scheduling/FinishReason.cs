namespace Crescent.Engine.Scheduling;

/// <summary>Why a sequence ended.</summary>
public enum FinishReason
{
    /// <summary>It goes on.</summary>
    None,

    /// <summary>The model gave an end token, or a stop string was met.</summary>
    Stop,

    /// <summary>The token limit or the end of the context was reached.</summary>
    Length,

    /// <summary>The caller cancelled it.</summary>
    Cancelled,

    /// <summary>Its deadline passed.</summary>
    Deadline,

    /// <summary>What the request asks for cannot be done by any engine, as the output's error says.</summary>
    Refused,

    /// <summary>The engine failed; the output's error says how.</summary>
    Error,
}
