using System.Globalization;
using Crescent.Agents.Strategies;

namespace Crescent.Client.Evaluation;

/// <summary>A way to solve problems that is to be measured.</summary>
/// <param name="Strategy">The strategy.</param>
/// <param name="Samples">Samples at the most; null for a strategy that draws none.</param>
/// <param name="Confidence">Posterior at which a vote ends early; null for a strategy without a vote.</param>
internal sealed record EvalSetting(string Strategy, int? Samples, double? Confidence)
{
    /// <summary>All combinations that differ in something that their strategy heeds.</summary>
    public static IReadOnlyList<EvalSetting> All(IEnumerable<string> strategies, IReadOnlyList<int> samples, IReadOnlyList<double> confidences) =>
    [
        .. (from strategy in strategies
            from confidence in StrategyCatalogue.Heeds(strategy, "confidence") ? confidences.Select(static c => (double?)c) : [null]
            from count in StrategyCatalogue.Heeds(strategy, "samples") ? samples.Select(static n => (int?)n) : [null]
            select new EvalSetting(strategy, count, confidence)).Distinct(),
    ];

    /// <summary>Its line in a picture: all but the samples, which go along it.</summary>
    public string Line => Confidence is { } confidence ? string.Create(CultureInfo.InvariantCulture, $"{Strategy}, confidence {confidence:0.###}") : Strategy;

    public override string ToString() => Samples is { } samples ? string.Create(CultureInfo.InvariantCulture, $"{Line}, {samples} samples") : Line;
}
