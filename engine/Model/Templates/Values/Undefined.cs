namespace Crescent.Engine.Model.Templates.Values;

/// <summary>
/// What a missing name or attribute gives: false, empty and printed as nothing; reading an attribute of it, calling it or computing
/// with it is an error that tells <paramref name="what"/> was missing.
/// </summary>
internal sealed class Undefined(string what)
{
    /// <summary>What was missing, such as <c>'nothing'</c>.</summary>
    public string What { get; } = what;
}
