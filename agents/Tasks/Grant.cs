namespace Crescent.Agents.Tasks;

/// <summary>What comes of asking for a part of a budget.</summary>
public enum Grant
{
    /// <summary>It is reserved.</summary>
    Granted,

    /// <summary>What others hold may come back: the step is started again when one of them has ended.</summary>
    Later,

    /// <summary>There is not enough, whatever comes back.</summary>
    Denied,
}
