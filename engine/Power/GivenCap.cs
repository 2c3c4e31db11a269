namespace Crescent.Engine.Power;

/// <summary>
/// The cap that a device's draw has met. One that is raised counts at once; one that is lowered counts when a reading that began after it shows no more: a step that had begun before runs out at
/// what it drew, and an average over both is no proof. What is read from then on is never above it. Not safe for use by several threads.
/// </summary>
/// <param name="ordered">The cap that the device was told, W.</param>
/// <param name="followsSteps">Whether the device obeys from its next step on; otherwise at once, as far as anyone can know.</param>
internal sealed class GivenCap(Func<double> ordered, bool followsSteps)
{
    /// <summary>Share by which a meter may read above a cap that is kept.</summary>
    public const double MeterError = 0.02;

    // The caps that the steps in flight began under, in their order: the next may begin before the one before has ended, so that there is always one. And the highest that anything
    // of the reading that is being made was drawn under by steps that have ended.
    private readonly Queue<double> _steps = new(4);
    private double _readingCap = ordered();
    private double _ordered = ordered();

    /// <summary>The cap, W.</summary>
    public double Watts { get; private set; } = ordered();

    /// <summary>Whether a lower cap was told than the draw has met.</summary>
    public bool IsPending => _ordered < Watts;

    /// <summary>Asks which cap the device was told last.</summary>
    public void Look()
    {
        _ordered = ordered();
        Watts = Math.Max(Watts, _ordered);
    }

    /// <summary>A step begins.</summary>
    /// <returns>Whether a new reading must begin with it: what was drawn before was drawn under a higher cap.</returns>
    public bool Begin()
    {
        if (!followsSteps)
        {
            return false;
        }

        Look();
        var isFirst = _steps.Count == 0;
        _steps.Enqueue(_ordered);
        if (isFirst && _ordered < _readingCap)
        {
            _readingCap = _ordered;
            return true;
        }

        return false;
    }

    /// <summary>The step that began first of those in flight has ended.</summary>
    public void End()
    {
        if (_steps.TryDequeue(out var cap))
        {
            _readingCap = Math.Max(_readingCap, cap);
        }
    }

    /// <summary>Nothing runs any more, whatever was begun.</summary>
    public void Rest() => _steps.Clear();

    /// <summary>A reading is there, of all that was drawn since the one before.</summary>
    /// <param name="watts">It.</param>
    /// <param name="isMetered">Whether a meter told it.</param>
    public void Read(double watts, bool isMetered)
    {
        Look();
        var inFlight = _ordered;
        foreach (var cap in _steps)
        {
            inFlight = Math.Max(inFlight, cap);
        }

        var met = Math.Max(_readingCap, inFlight);
        if (isMetered && watts > met * (1 + MeterError))
        {
            // The device does not obey: what it draws is what counts.
            met = Math.Max(met, Math.Min(Watts, watts));
        }

        Watts = met;
        _readingCap = inFlight;
    }
}
