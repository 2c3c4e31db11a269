namespace Crescent.Lab.Frontier;

/// <summary>At which clocks a megawatt runs, and so how many GPUs of it there are.</summary>
public enum FrontierClocks
{
    /// <summary>Full clocks, and as many GPUs as the servers' full load allows: how published frontiers count.</summary>
    Full,

    /// <summary>The same clock for prefill and decode, the best for each point; watts are those drawn at it.</summary>
    One,

    /// <summary>A clock for the GPUs of prefill and another for those of decode, each the best; watts are those drawn at them.</summary>
    Apart,
}
