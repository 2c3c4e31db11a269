namespace Crescent.Engine.Model.ToolCalls;

/// <summary>When a call leaves the parser.</summary>
public enum ToolCallDelivery
{
    /// <summary>When it is whole, in one piece; a call that turns out malformed is content.</summary>
    Whole,

    /// <summary>
    /// As it is written: name and id when the arguments begin, then the arguments piece by piece. For answers that a grammar
    /// constrains: what breaks off after that point is a call with arguments that break off, as nothing can be taken back.
    /// </summary>
    Incremental,
}
