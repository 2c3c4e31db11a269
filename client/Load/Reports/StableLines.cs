using System.Globalization;
using System.Text.Json.Nodes;
using Crescent.Client.Load.Measures;

namespace Crescent.Client.Load.Reports;

/// <summary>Whether a run's figures held, in words and as JSON.</summary>
internal static class StableLines
{
    /// <summary>A line.</summary>
    public static string Words(StableOutcome outcome)
    {
        var goal = outcome.Goal;
        var asked = Text($"within {100 * goal.Within:0.##} % at {100 * goal.Confidence:0.##} % confidence");
        if (outcome.Intervals.Count == 0)
        {
            return $"not stable: too few answers to say so ({asked})";
        }

        var figures = goal.Figures.Zip(outcome.Intervals, (figure, interval) => Words(goal, figure, interval));
        return Text($"{(outcome.IsStable ? "stable" : "not stable")} over {outcome.Calls:#,0} answers, {asked}: ") + string.Join(", ", figures);
    }

    /// <summary>As JSON; half of an interval and the change of a trend in units of the figure.</summary>
    public static JsonObject Json(StableOutcome outcome) => new()
    {
        ["stable"] = outcome.IsStable,
        ["confidence"] = outcome.Goal.Confidence,
        ["within"] = outcome.Goal.Within,
        ["answers"] = outcome.Calls,
        ["batches"] = StableSeries.Batches,
        ["figures"] = new JsonObject([.. outcome.Goal.Figures.Zip(outcome.Intervals, (figure, interval) => KeyValuePair.Create(figure.Name, (JsonNode?)new JsonObject
        {
            ["value"] = Number(interval.Value),
            ["half_width"] = Number(interval.HalfWidth),
            ["change"] = Number(interval.Change),
            ["drifts"] = outcome.Goal.Drifts(interval),
            ["holds"] = outcome.Goal.Holds(interval),
        }))]),
    };

    private static string Words(StableGoal goal, StableFigure figure, BatchInterval interval)
    {
        if (!double.IsFinite(interval.HalfWidth) || interval.Value == 0)
        {
            return $"{figure.Name} has no value";
        }

        var value = figure.Read is null ? Text($"{interval.Value:#,0.##}") : LoadTable.Time(interval.Value);
        return Text($"{figure.Name} {value} ±{100 * interval.HalfWidth / Math.Abs(interval.Value):0.0} %")
            + (goal.Drifts(interval) ? Text($", which drifts by {100 * interval.Change / Math.Abs(interval.Value):+0;-0} %") : "");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static JsonValue? Number(double value) => double.IsFinite(value) ? JsonValue.Create(Math.Round(value, 9)) : null;
}
