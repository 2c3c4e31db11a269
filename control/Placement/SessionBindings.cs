namespace Crescent.Control.Placement;

/// <summary>Which device a session, or the sub-agents of a parent, went to last, until nothing is heard of it for a while. Not safe for use by several threads.</summary>
/// <param name="idleSeconds">After so long without a call it is forgotten, s.</param>
public sealed class SessionBindings(double idleSeconds)
{
    /// <summary>Sessions that are remembered; new ones beyond are not, until others are forgotten.</summary>
    public const int Most = 65_536;

    private readonly Dictionary<string, (string Device, double UsedAt)> _bindings = new(StringComparer.Ordinal);
    private double _sweptAt;

    /// <summary>How many are remembered, those included that a sweep has not met yet.</summary>
    public int Count => _bindings.Count;

    /// <summary>The device of a session; null where there is none.</summary>
    public string? Find(string session, double now) =>
        _bindings.TryGetValue(session, out var binding) && now - binding.UsedAt < idleSeconds ? binding.Device : null;

    /// <summary>A call of a session goes to a device.</summary>
    public void Bind(string session, string device, double now)
    {
        if (now - _sweptAt >= idleSeconds)
        {
            _sweptAt = now;
            foreach (var (name, binding) in _bindings)
            {
                if (now - binding.UsedAt >= idleSeconds)
                {
                    _bindings.Remove(name);
                }
            }
        }

        if (_bindings.Count < Most || _bindings.ContainsKey(session))
        {
            _bindings[session] = (device, now);
        }
    }
}
