using Crescent.Lab.Fleet;

namespace Crescent.Lab.Studies;

/// <summary>One run of a study of sessions.</summary>
/// <param name="Variant">Name of the variant.</param>
/// <param name="Load">Of the rate that counts as full.</param>
/// <param name="Seed">What was drawn by.</param>
/// <param name="Result">What it gave.</param>
public sealed record SessionRunResult(string Variant, double Load, int Seed, SessionResult Result);
