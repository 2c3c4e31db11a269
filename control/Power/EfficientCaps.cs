namespace Crescent.Control.Power;

/// <summary>
/// The lowest cap under which a device keeps its promises: decode is bound by memory, so that its clock can fall to where memory slows too
/// for next to nothing, and prompts take the longer the less of them there are. A device whose queue or speed needs more gets more.
/// How much of its time prompts take does not count: what they are too many for waits, and shows in the queue; what waits no longer than it may is well served, and
/// the engine sees to it that those which run keep their pace beside it.
/// </summary>
/// <param name="options">How near to the promised times a device may come before it gets a higher clock.</param>
public sealed class EfficientCaps(EfficientCapsOptions? options = null) : IPowerController
{
    /// <summary>Caps are looked for in steps of this share of the highest.</summary>
    private const double Grid = 0.04;

    private readonly EfficientCapsOptions _options = options ?? new EfficientCapsOptions();

    /// <inheritdoc/>
    public string Name => "power-aware";

    /// <inheritdoc/>
    public void Plan(ReadOnlySpan<DevicePower> devices, PowerBudgets budgets, Span<double> caps)
    {
        for (var i = 0; i < devices.Length; i++)
        {
            caps[i] = Cap(devices[i]);
        }
    }

    private double Cap(in DevicePower device)
    {
        var profile = device.Profile;
        var least = LeastCap(device);
        for (var cap = least; cap < profile.MaxCapWatts; cap += Grid * profile.MaxCapWatts)
        {
            if (Suffices(device, cap))
            {
                return cap;
            }
        }

        return profile.MaxCapWatts;
    }

    /// <summary>The cap under which neither decode nor prefill gets below the clock that is efficient for it.</summary>
    private double LeastCap(in DevicePower device)
    {
        var profile = device.Profile;
        var batch = Math.Max(1, device.Running + device.Waiting);
        var least = Math.Max(profile.DecodeWatts(batch, _options.LeastClock), profile.PrefillWattsAt(_options.LeastClock));
        return Math.Clamp(least, profile.MinCapWatts, profile.MaxCapWatts);
    }

    private bool Suffices(in DevicePower device, double cap)
    {
        var profile = device.Profile;
        var batch = device.Running + device.Waiting;
        return device.QueuedPromptSeconds / profile.PrefillClock(cap) <= _options.TtftShare * _options.TtftSeconds
            && profile.DecodeSeconds(batch, device.ContextTokens, profile.DecodeClock(cap, batch)) <= _options.ItlShare * _options.ItlSeconds;
    }
}
