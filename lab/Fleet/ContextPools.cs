using System.Globalization;
using Crescent.Control.Placement;

namespace Crescent.Lab.Fleet;

/// <summary>
/// Pools by context length before another policy: calls that are expected to stay short go to the first devices, long ones to the rest, and none to those of the others.
/// In the lab only: to see what keeping them apart is worth.
/// </summary>
/// <param name="inner">Who places within a pool.</param>
/// <param name="positions">Calls of up to so many positions, their expected answers included, are short; above 0.</param>
/// <param name="share">Part of the devices that short ones have; above 0, below 1. Each pool has one device at least.</param>
internal sealed class ContextPools(IPlacementPolicy inner, int positions, double share) : IPlacementPolicy
{
    private string[] _short = [];
    private string[] _long = [];
    private int _version = -1;

    /// <inheritdoc/>
    public string Name => string.Create(CultureInfo.InvariantCulture, $"{inner.Name}{LabPolicies.Pools}{positions}:{share}");

    /// <inheritdoc/>
    public IReadOnlyList<string> TermNames => inner.TermNames;

    /// <inheritdoc/>
    public bool CountsOthers => inner.CountsOthers;

    /// <summary>Reads what follows <see cref="LabPolicies.Pools"/>: <c>POSITIONS:SHARE</c>; null where it is not that.</summary>
    public static (int Positions, double Share)? Parse(string text) => text.Split(':') is [var positions, var share]
        && int.TryParse(positions, NumberStyles.None, CultureInfo.InvariantCulture, out var most) && most > 0
        && double.TryParse(share, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var part) && part is > 0 and < 1
            ? (most, part)
            : null;

    /// <inheritdoc/>
    public PlacementDecision Choose(in PlacementCall call, FactoryView view)
    {
        if (_version != view.Version)
        {
            string[] keys = [.. view.Devices.ToArray().Select(static device => device.Key)];
            var first = Math.Clamp((int)Math.Round(share * keys.Length), 1, Math.Max(1, keys.Length - 1));
            (_short, _long, _version) = (keys[..first], keys[first..], view.Version);
        }

        var others = call.PromptTokens + call.ExpectedTokens <= positions ? _long : _short;
        return inner.Choose(call with { Avoid = call.Avoid is { } avoided ? [.. avoided, .. others] : others }, view);
    }

    /// <inheritdoc/>
    public PlacementTerms Score(in PlacementCall call, FactoryView view, int device) => inner.Score(call, view, device);
}
