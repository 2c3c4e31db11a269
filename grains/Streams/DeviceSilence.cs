using Crescent.Grains.Placement;

namespace Crescent.Grains.Streams;

/// <summary>
/// How long nothing has been heard of devices that should tell of themselves several times a second. Only the time counts in which this silo ran itself:
/// one that stood still has missed what the others said.
/// </summary>
internal sealed class DeviceSilence(PlacementLedger ledger, TimeProvider time)
{
    /// <summary>Time between two looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly Lock _lock = new();
    private readonly List<(string Device, double HeardAt)> _heard = [];
    private Dictionary<string, (double HeardAt, double Seconds)> _silent = new(StringComparer.Ordinal);
    private Dictionary<string, (double HeardAt, double Seconds)> _before = new(StringComparer.Ordinal);
    private long _looked = time.GetTimestamp();

    /// <summary>Seconds for which nothing has been heard of <paramref name="device"/>; 0 for one that is not known.</summary>
    public double Of(string device)
    {
        lock (_lock)
        {
            return _silent.GetValueOrDefault(device).Seconds;
        }
    }

    /// <summary>Looks at who was heard since the last look.</summary>
    public void Look()
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            var passed = Math.Min(time.GetElapsedTime(_looked, now).TotalSeconds, 2 * Interval.TotalSeconds);
            _looked = now;
            _heard.Clear();
            ledger.Hearings(_heard);
            (_silent, _before) = (_before, _silent);
            _silent.Clear();
            foreach (var (device, heardAt) in _heard)
            {
                var silent = _before.TryGetValue(device, out var before) && before.HeardAt == heardAt;
                _silent[device] = (heardAt, silent ? before.Seconds + passed : 0);
            }
        }
    }
}
