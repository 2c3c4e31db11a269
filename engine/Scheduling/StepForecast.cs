namespace Crescent.Engine.Scheduling;

/// <summary>What a step was taken to cost when it was planned, before the corrections that its budget has learned.</summary>
/// <param name="DecodeSeconds">Of its decodes and guesses.</param>
/// <param name="PromptSeconds">Of its prompts; 0 where it has none.</param>
/// <param name="ExpectedSeconds">Of all of it, by how wrong the newest forecasts were.</param>
/// <param name="Promise">Time between tokens that its decodes are promised; infinite where none is.</param>
/// <param name="Gathers">Whether prompts get few long steps, and none between them.</param>
internal readonly record struct StepForecast(double DecodeSeconds, double PromptSeconds, double ExpectedSeconds, double Promise = double.PositiveInfinity, bool Gathers = false);
