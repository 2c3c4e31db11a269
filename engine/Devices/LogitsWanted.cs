namespace Crescent.Engine.Devices;

/// <summary>For which tokens of a slice the device computes logits.</summary>
public enum LogitsWanted
{
    /// <summary>None: a chunk of a prompt that goes on.</summary>
    None,

    /// <summary>The last token: one row.</summary>
    Last,

    /// <summary>Every token: one row each.</summary>
    All,
}
