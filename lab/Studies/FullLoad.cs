namespace Crescent.Lab.Studies;

/// <summary>What load 1 stands for.</summary>
/// <param name="Rate">Requests a second at which <c>kv-queue</c> at full budget just meets the promise.</param>
/// <param name="Attainment">Share of requests that meet it there.</param>
/// <param name="IdleAttainment">Share of requests that meet it on a fleet that is all but idle: the others are too long for any load.</param>
public sealed record FullLoad(double Rate, double Attainment, double IdleAttainment);
