using System.Globalization;

namespace Crescent.Control.Health;

/// <summary>
/// A circuit breaker for one device: says when it is sick, and how long it is then left alone before it is tried. Not for several threads.
/// </summary>
/// <remarks>
/// Steps fail by the device's fault; what only concerns one request is no failed step. The time of a stall is that between looks, of which each counts for
/// two intervals at the most: a process that stood still, or was kept from looking, says nothing of its device.
/// </remarks>
/// <param name="options">Thresholds and pauses.</param>
/// <param name="lookSeconds">Seconds between two looks.</param>
public sealed class DeviceBreaker(HealthOptions options, double lookSeconds)
{
    /// <summary>Until so many steps have taught what they cost, a forecast is a guess, and a stall is given <see cref="LearningPatience"/> times as long.</summary>
    public const int LearningSteps = 16;
    public const int LearningPatience = 6;

    private readonly Queue<double> _failures = [];
    private long _allFailedSteps;
    private double _stalledSeconds;
    private double _stalled;
    private double _lookedAt;
    private double? _servesSince;
    private int _trips;

    /// <summary>The device serves anew, from <paramref name="now"/> (s) on.</summary>
    public void Serves(double now)
    {
        _failures.Clear();
        (_allFailedSteps, _stalledSeconds, _stalled) = (0, 0, 0);
        _lookedAt = now;
        _servesSince = now;
    }

    /// <summary>Looks at a device that serves, at <paramref name="now"/> (s).</summary>
    /// <returns>Why it is sick; null when it is not.</returns>
    public string? Look(in DeviceSigns signs, double now)
    {
        // Of more than count, the newest do.
        for (_allFailedSteps = Math.Max(_allFailedSteps, signs.AllFailedSteps - options.FailedSteps); _allFailedSteps < signs.AllFailedSteps; _allFailedSteps++)
        {
            if (_failures.Count == options.FailedSteps)
            {
                _failures.Dequeue();
            }

            _failures.Enqueue(now);
        }

        while (_failures.TryPeek(out var first) && first < now - options.WindowSeconds)
        {
            _failures.Dequeue();
        }

        var passed = Math.Min(now - _lookedAt, 2 * lookSeconds);
        _stalled = signs.StalledSeconds > 0 && signs.StalledSeconds >= _stalledSeconds ? _stalled + passed : Math.Min(signs.StalledSeconds, passed);
        _stalledSeconds = signs.StalledSeconds;
        _lookedAt = now;
        return _failures.Count >= options.FailedSteps
            ? string.Create(CultureInfo.InvariantCulture, $"{_failures.Count} of its steps failed within {options.WindowSeconds:0.#} s: {signs.LastError}")
            : _stalled > Math.Max(options.StallSeconds * (signs.Steps < LearningSteps ? LearningPatience : 1), options.StallFactor * signs.StepForecast)
            ? string.Create(CultureInfo.InvariantCulture, $"it has made no step for {_stalled:0.#} s, where {signs.StepForecast:0.###} s were foreseen")
            : null;
    }

    /// <summary>It is sick, or could not be opened, or failed when it was tried, at <paramref name="now"/> (s).</summary>
    /// <returns>Until it is tried again.</returns>
    public TimeSpan Trip(double now)
    {
        if (now - _servesSince > options.LongestPauseSeconds)
        {
            _trips = 0;
        }

        var pause = Math.Min(options.LongestPauseSeconds, options.FirstPauseSeconds * Math.Pow(2, Math.Min(_trips, 30)));
        _trips++;
        _servesSince = null;
        return TimeSpan.FromSeconds(pause);
    }
}
