namespace Crescent.Client.Rendering;

/// <summary>What devices are ordered by: names from the first, figures from the largest, headroom from the least.</summary>
internal enum TopSort
{
    /// <summary>Silo and device.</summary>
    Name,

    /// <summary>What waits.</summary>
    Queue,

    /// <summary>What runs.</summary>
    Running,

    /// <summary>Share of its KV memory.</summary>
    Kv,

    /// <summary>Tokens a second.</summary>
    Tokens,

    /// <summary>Watts drawn.</summary>
    Watts,

    /// <summary>Watts up to its cap.</summary>
    Headroom,

    /// <summary>What is not well first.</summary>
    Health,
}
