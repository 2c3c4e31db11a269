namespace Crescent.Client.Load.Draws;

/// <summary>What random numbers are for: what is drawn for one purpose does not move what is drawn for another.</summary>
internal enum DrawPurpose
{
    Arrival,
    PromptLength,
    OutputLength,
    Content,
    Cancellation,
    Turns,
    Pause,
    Order,
    FirstToken,
    TokenGap,
    Fault,
    SlowReader,
}
