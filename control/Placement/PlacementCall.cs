namespace Crescent.Control.Placement;

/// <summary>What a call needs of a device.</summary>
/// <param name="Number">Counts the calls of this silo; whatever a policy alternates, it alternates by it.</param>
/// <param name="PromptTokens">Tokens of the prompt; at least 1.</param>
/// <param name="MaxTokens">Most tokens to generate; at least 1.</param>
/// <param name="ExpectedTokens">Tokens that calls like this one come to in the mean; 1 to <paramref name="MaxTokens"/>.</param>
/// <param name="Level">What its user is promised.</param>
/// <param name="Avoid">Devices (<c>silo/device</c>) that have refused the call, failed it or died with it; null for none.</param>
/// <param name="Prefer">A device that has what the call needs, chosen whenever it may take the call; or null.</param>
/// <param name="MayShed">Whether it may be refused because no device would keep the promise.</param>
/// <param name="HasBegun">Whether a device has had it already: where all devices take no new work, one of them takes it all the same.</param>
/// <param name="Model">Name of the model that is to run it; null for whichever a device has.</param>
/// <param name="Session">Whose conversation it goes on with, or null; read by policies that keep sessions together.</param>
/// <param name="Parent">What its session works for, or null; read by policies that keep sub-agents together.</param>
public readonly record struct PlacementCall(
    long Number,
    int PromptTokens,
    int MaxTokens,
    double ExpectedTokens,
    ServiceLevel Level,
    string[]? Avoid = null,
    string? Prefer = null,
    bool MayShed = true,
    bool HasBegun = false,
    string? Model = null,
    string? Session = null,
    string? Parent = null)
{
    /// <summary>Whether <paramref name="device"/> is one of <see cref="Avoid"/>.</summary>
    public bool Avoids(string device) => Avoid is not null && Array.IndexOf(Avoid, device) >= 0;
}
