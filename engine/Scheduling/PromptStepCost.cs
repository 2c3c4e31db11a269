namespace Crescent.Engine.Scheduling;

/// <summary>
/// Learns what steps with prompts take beside their decodes: <c>Fixed + Slope x</c> for prompts of which x seconds were foreseen, by least squares that forget exponentially.
/// As long as steps have all been alike nothing is told: that they take longer than was foreseen may be the forecast's fault.
/// </summary>
internal sealed class PromptStepCost
{
    /// <summary>Weight of a step beside the one after it: a memory of some thirty steps.</summary>
    private const double Keep = 0.97;

    /// <summary>Spread of what was foreseen, as a share of its mean, from which on a slope can be told.</summary>
    private const double LeastSpread = 0.1;

    /// <summary>By how much prompts of a step may exceed the largest of late: what was learned of small ones says little of very large ones.</summary>
    private const double Growth = 4;

    /// <summary>The slope is this at the least, and its inverse at the most.</summary>
    private const double LeastSlope = 0.05;

    private double _weight;
    private double _foreseen;
    private double _taken;
    private double _squares;
    private double _products;
    private double _largest;
    private bool _isTold;

    /// <summary>What a step with prompts takes however few of their tokens it computes, s.</summary>
    public double Fixed { get; private set; }

    /// <summary>Seconds for each that is foreseen of prompts.</summary>
    public double Slope { get; private set; } = 1;

    /// <summary>Most seconds that may be foreseen of the prompts of the next step.</summary>
    public double Most => Growth * _largest;

    /// <summary>A step's prompts, of which <paramref name="foreseen"/> seconds were foreseen, took <paramref name="seconds"/>.</summary>
    public void Took(double foreseen, double seconds)
    {
        _largest = Math.Max(Keep * _largest, foreseen);
        _weight = (Keep * _weight) + 1;
        _foreseen = (Keep * _foreseen) + foreseen;
        _taken = (Keep * _taken) + seconds;
        _squares = (Keep * _squares) + (foreseen * foreseen);
        _products = (Keep * _products) + (foreseen * seconds);
        var (mean, taken) = (_foreseen / _weight, _taken / _weight);
        var variance = (_squares / _weight) - (mean * mean);
        if (variance > LeastSpread * LeastSpread * mean * mean)
        {
            Slope = Math.Clamp(((_products / _weight) - (mean * taken)) / variance, LeastSlope, 1 / LeastSlope);
            _isTold = true;
        }

        Fixed = _isTold ? Math.Max(0, taken - (Slope * mean)) : 0;
    }
}
