using Crescent.Engine.Devices;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// What guesses of a model cost, as measured: passes of it, rows to check, and what is computed again behind wrong ones, as a share of a step without guesses; and how many of all sequences
/// came true.
/// </summary>
/// <param name="count">Told of each pass.</param>
internal sealed class DraftCosts(Action<StepPlan, TimeSpan> count)
{
    /// <summary>A guess that comes true more often than this is made whatever it costs.</summary>
    private const double MostCost = 0.9;

    private const double Smoothing = 0.1;

    /// <summary>Guesses that came true before the first was made, so to speak; and what is kept of what sequences have shown when the next one ends.</summary>
    private const double Trust = 8;
    private const double Kept = 0.8;

    private double _passSeconds;
    private double _stepSeconds;
    private double _checkSeconds;
    private double _againSeconds;
    private double _right = Trust;
    private double _tried = Trust;

    /// <summary>Time of all passes, s.</summary>
    public double Seconds { get; private set; }

    /// <summary>Tokens of all passes.</summary>
    public long Tokens { get; private set; }

    /// <summary>
    /// What a guess for each sequence costs of a step without guesses, as far as it decides: a pass and a further row of each sequence to check;
    /// <see cref="GuessPace.MinAcceptance"/> to 0.9.
    /// </summary>
    public double Share => _stepSeconds > 0 ? Math.Clamp((_passSeconds + _checkSeconds) / _stepSeconds, GuessPace.MinAcceptance, MostCost) : GuessPace.MinAcceptance;

    /// <summary>How a new sequence begins to guess: as those before it have done, the newest counting most.</summary>
    public GuessPace NewPace() => new(_right / _tried);

    /// <summary>Takes note of what a sequence has shown, and forgets it there.</summary>
    public void Learn(GuessPace pace)
    {
        if (pace.Tried > 0)
        {
            _right = (Kept * _right) + pace.Right;
            _tried = (Kept * _tried) + pace.Tried;
            pace.ClearCounts();
        }
    }

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
