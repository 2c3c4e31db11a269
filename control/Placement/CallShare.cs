namespace Crescent.Control.Placement;

/// <summary>
/// How many calls come to the devices for each that is placed here, from the prompts that devices report and those that were placed: what other front ends do is not told to
/// this one, but what it has placed since the last reports stands for it.
/// </summary>
internal sealed class CallShare
{
    /// <summary>Time over which both are counted, s: many reports, so that their lateness does not matter.</summary>
    private const double Seconds = 10;

    /// <summary>A call stands for no more than these.</summary>
    private const int Most = 64;

    private double _arrived;
    private double _placed;
    private double _at;

    /// <summary>Calls that one placed here stands for, itself included; 1 and up.</summary>
    public int Times => _placed > 0 ? (int)Math.Clamp(Math.Round(_arrived / _placed), 1, Most) : 1;

    /// <summary>Prompts of <paramref name="seconds"/> at full clock have come to a device.</summary>
    public void Arrived(double seconds, double now)
    {
        Age(now);
        _arrived += seconds;
    }

    /// <summary>A prompt of <paramref name="seconds"/> at full clock was placed here.</summary>
    public void Placed(double seconds, double now)
    {
        Age(now);
        _placed += seconds;
    }

    private void Age(double now)
    {
        var keep = Math.Exp(Math.Min(0, _at - now) / Seconds);
        (_arrived, _placed, _at) = (_arrived * keep, _placed * keep, now);
    }
}
