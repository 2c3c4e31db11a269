namespace Crescent.Grains.Requests;

/// <summary>What is wrong with a field of a request.</summary>
public enum FaultKind
{
    /// <summary>It is not there.</summary>
    Missing,

    /// <summary>It is not of its type.</summary>
    Type,

    /// <summary>Its value is not one that it takes.</summary>
    Value,

    /// <summary>It asks for what is not done here.</summary>
    Unsupported,

    /// <summary>The prompt and the tokens asked for do not fit the context.</summary>
    TooLong,
}
