namespace Crescent.Engine.Scheduling;

/// <summary>What of a sequence's text an output has.</summary>
[Flags]
internal enum TextPart
{
    /// <summary>None, or it is there already.</summary>
    None = 0,

    /// <summary>That of its token.</summary>
    Token = 1,

    /// <summary>What was held back.</summary>
    Rest = 2,
}
