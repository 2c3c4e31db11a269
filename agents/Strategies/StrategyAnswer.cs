namespace Crescent.Agents.Strategies;

/// <summary>What a strategy has come to.</summary>
/// <param name="Answer">The answer alone, such as <c>24</c>; the whole text where it has no such mark.</param>
/// <param name="Text">The text that it stands in.</param>
/// <param name="Confidence">How sure the strategy is, 0 to 1; null for one that does not know.</param>
public sealed record StrategyAnswer(string Answer, string Text, double? Confidence = null);
