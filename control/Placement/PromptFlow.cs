namespace Crescent.Control.Placement;

/// <summary>
/// The prompts of one model, as far as this front end knows of them: what each takes, and how many calls come to the devices for each that is placed here. What other front ends
/// do is not told to this one; what it has placed since the last reports stands for it.
/// </summary>
public sealed class PromptFlow
{
    /// <summary>Time over which arrivals are counted, s: many reports, so that their lateness does not matter.</summary>
    public const double Seconds = 10;

    /// <summary>Nothing is concluded from fewer calls.</summary>
    private const int Few = 8;

    /// <summary>Share of one call in the mean of the last, once there are many.</summary>
    private const double LeastShare = 0.01;

    private double _arrived;
    private double _placed;
    private double _calls;
    private double _at;
    private double _mean;
    private long _learned;

    /// <summary>What a prompt takes in the mean, less what caches held of it, s at full clock; 0 while too few are known.</summary>
    public double CallSeconds => _learned < Few ? 0 : _mean;

    /// <summary>Calls that come to the devices for each that is placed here, itself included; 1 and up.</summary>
    public double Times => _calls < Few || _placed <= 0 ? 1 : Math.Max(1, _arrived / _placed);

    /// <summary>Prompts of <paramref name="seconds"/> at full clock have come to a device.</summary>
    public void Arrived(double seconds, double now)
    {
        Age(now);
        _arrived += seconds;
    }

    /// <summary>A device has taken a prompt of <paramref name="seconds"/> at full clock that was placed here.</summary>
    public void Placed(double seconds, double now)
    {
        Age(now);
        _placed += seconds;
        _calls++;
        Learn(seconds);
    }

    /// <summary>A device has taken a prompt of <paramref name="seconds"/> at full clock, wherever it was placed.</summary>
    public void Learn(double seconds) => _mean += (seconds - _mean) * Math.Max(LeastShare, 1.0 / ++_learned);

    private void Age(double now)
    {
        var keep = Math.Exp(Math.Min(0, _at - now) / Seconds);
        (_arrived, _placed, _calls, _at) = (_arrived * keep, _placed * keep, _calls * keep, now);
    }
}
