using Crescent.Lab.Fleet;

namespace Crescent.Lab.Studies;

/// <summary>One run of a study.</summary>
/// <param name="Policy">As the study names it.</param>
/// <param name="Budget">Share of the nameplate.</param>
/// <param name="Load">Share of the full rate.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Result">What it gave.</param>
public sealed record StudyRun(string Policy, double Budget, double Load, int Seed, FleetResult Result);
