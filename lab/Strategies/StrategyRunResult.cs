namespace Crescent.Lab.Strategies;

/// <summary>One run of a study of strategies.</summary>
/// <param name="Strategy">As the study names it.</param>
/// <param name="Rate">Tasks that began in a second.</param>
/// <param name="Budget">As a share of the highest caps.</param>
/// <param name="Seed">What was drawn by.</param>
/// <param name="Result">What it gave.</param>
public sealed record StrategyRunResult(string Strategy, double Rate, double Budget, int Seed, StrategyResult Result);
