using Crescent.Engine.Devices;

namespace Crescent.Engine.Scheduling;

/// <summary>What guesses of a model cost, as measured: passes of it, rows to check, and what is computed again behind wrong ones. All of it in seconds of a step without guesses.</summary>
/// <param name="count">Told of each pass.</param>
internal sealed class DraftCosts(Action<StepPlan, TimeSpan> count)
{
    /// <summary>A guess that comes true more often than this is made whatever it costs.</summary>
    private const double MostCost = 0.9;

    private const double Smoothing = 0.1;

    private double _passSeconds;
    private double _stepSeconds;
    private double _checkSeconds;
    private double _againSeconds;

    /// <summary>Time of all passes, s.</summary>
    public double Seconds { get; private set; }

    /// <summary>Tokens of all passes.</summary>
    public long Tokens { get; private set; }

    /// <summary>
    /// What a guess for each sequence costs of a step without guesses, as far as it decides: a pass and a further row of each sequence to check;
    /// <see cref="GuessPace.MinAcceptance"/> to 0.9.
    /// </summary>
    public double Share => _stepSeconds > 0 ? Math.Clamp((_passSeconds + _checkSeconds) / _stepSeconds, GuessPace.MinAcceptance, MostCost) : GuessPace.MinAcceptance;

    /// <summary>The model that guesses has done a pass.</summary>
    /// <param name="plan">The pass.</param>
    /// <param name="duration">What it took.</param>
    /// <param name="guesses">Whether it was for a guess and no more.</param>
    public void Passed(StepPlan plan, TimeSpan duration, bool guesses)
    {
        count(plan, duration);
        Seconds += duration.TotalSeconds;
        Tokens += plan.AllTokens.Length;
        if (guesses)
        {
            Smooth(ref _passSeconds, duration.TotalSeconds);
        }
    }

    /// <summary>A step of the engine's device has taken so long.</summary>
    public void Took(StepPlan plan, TimeSpan duration)
    {
        if (plan.AllTokens.Length - plan.RepeatedTokens > plan.LogitsRowCount)
        {
            return;
        }

        var guesses = plan.LogitsRowCount - plan.Slices.Length;
        if (guesses == 0 && plan.RepeatedTokens == 0)
        {
            Smooth(ref _stepSeconds, duration.TotalSeconds);
        }
        else if (_stepSeconds > 0)
        {
            // What is computed again behind wrong guesses is a cost of guesses; a step without any has the next one's told with its own.
            _againSeconds += Math.Max(0, duration.TotalSeconds - _stepSeconds) * plan.Slices.Length;
            if (guesses > 0)
            {
                Smooth(ref _checkSeconds, _againSeconds / guesses);
                _againSeconds = 0;
            }
        }
    }

    /// <summary>Brings a mean closer to its newest value.</summary>
    public static void Smooth(ref double value, double newest) => value = value == 0 ? newest : value + (Smoothing * (newest - value));
}
