using Crescent.Lab.Fleet;

namespace Crescent.Lab.Studies;

/// <summary>One run of a study of servers.</summary>
/// <param name="Variant">Who said how many are awake.</param>
/// <param name="Result">What it gave.</param>
public sealed record ServerRun(string Variant, FleetResult Result);
