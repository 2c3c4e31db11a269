namespace Crescent.Grains.Streams;

/// <summary>What the requests of one tenant, or of one agent task, have used.</summary>
/// <param name="Name">Whose; <see cref="EnergyAccounts.Other"/> for all beyond the bound.</param>
/// <param name="Simulated">Whether simulated devices computed them, so that the joules are modelled.</param>
/// <param name="Requests">Requests that have ended or were left by their reader.</param>
/// <param name="OutputTokens">Tokens that they got.</param>
/// <param name="Joules">Energy attributed to them.</param>
public readonly record struct EnergyAccount(string Name, bool Simulated, long Requests, long OutputTokens, double Joules);
