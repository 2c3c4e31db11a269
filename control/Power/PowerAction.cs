namespace Crescent.Control.Power;

/// <summary>What a governor does about a level that draws more than its budget, in the order in which it does it.</summary>
public enum PowerAction
{
    /// <summary>Nothing: all is within the budgets.</summary>
    None,

    /// <summary>Caps are lowered.</summary>
    LowerCaps,

    /// <summary>Caps are at their lowest or were not obeyed: calls of the batch class wait.</summary>
    DeferBatch,

    /// <summary>That was not enough: the device with the most watts is drained, and its calls move.</summary>
    Drain,
}
