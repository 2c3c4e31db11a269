using Crescent.Client.Evaluation;

namespace Crescent.Client.Json;

/// <summary>What an evaluation came to.</summary>
/// <param name="Command">The command line, without a key.</param>
/// <param name="Seed">Seed of the first problem.</param>
/// <param name="Complete">Whether all problems were tried with all settings.</param>
/// <param name="JoulesSource">Where the factory's joules come from; null when it does not tell.</param>
/// <param name="Settings">What each setting came to.</param>
internal sealed record EvalDocument(string Command, long Seed, bool Complete, string? JoulesSource, IReadOnlyList<EvalSummary> Settings);
