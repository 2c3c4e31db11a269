using Crescent.Control.Power;

namespace Crescent.Tests.Control.Power;

public sealed class EfficientCapsTests
{
    private static readonly DevicePower Light = Profiles.Reading("silo/gpu", 300) with { Running = 10, ContextTokens = 10_000, MaxStepTokens = 8192 };

    [Fact]
    public void A_light_load_gets_the_cap_of_the_least_clock()
    {
        var profile = Light.Profile;
        var least = Math.Max(profile.PrefillWattsAt(0.45), profile.DecodeWatts(10, 0.45));
        Assert.Equal(least, Cap(Light), 1e-9);
    }

    [Fact]
    public void A_cap_rises_with_the_queue_of_prompts_up_to_the_highest()
    {
        double[] caps = [.. new[] { 0, 0.3, 0.5, 0.7, 0.9, 1.1 }.Select(queue => Cap(Light with { QueuedPromptSeconds = queue }))];
        Assert.Equal(caps.Order(), caps);
        Assert.Equal(caps[0], caps[1]);
        Assert.True(caps[1] < caps[3]);
        Assert.Equal(Light.Profile.MaxCapWatts, caps[^1]);
    }

    [Fact]
    public void A_queue_is_measured_by_what_its_users_were_promised()
    {
        var patient = new EfficientCapsOptions { TtftSeconds = 10 };
        Assert.Equal(Cap(Light), Cap(Light with { QueuedPromptSeconds = 2 }, patient));
        Assert.Equal(Light.Profile.MaxCapWatts, Cap(Light with { QueuedPromptSeconds = 2 }));
        Assert.Equal(Light.Profile.MaxCapWatts, Cap(Light with { QueuedPromptSeconds = 6 }, patient));
    }

    [Fact]
    public void A_decode_step_that_would_take_too_long_raises_the_cap()
    {
        var many = Light with { Running = 200, ContextTokens = 400_000, Profile = Light.Profile with { ClockShare = 0.3 } };
        var step = many.Profile.DecodeSeconds(200, 400_000);
        var cap = Cap(many, new EfficientCapsOptions { ItlSeconds = 2.02 * step });
        Assert.True(cap > Cap(many, new EfficientCapsOptions { ItlSeconds = 20 * step }));
        Assert.InRange(many.Profile.DecodeSeconds(200, 400_000, many.Profile.DecodeClock(cap, 200)), step, 1.01 * step);
    }

    [Fact]
    public void A_cap_is_never_outside_what_the_device_takes()
    {
        var narrow = Light with { Profile = Profiles.Of(minCap: 600, maxCap: 650) };
        Assert.Equal(600, Cap(narrow));
        Assert.Equal(650, Cap(narrow with { QueuedPromptSeconds = 20 }));
    }

    private static double Cap(DevicePower device, EfficientCapsOptions? options = null)
    {
        var caps = new double[1];
        new EfficientCaps(options).Plan([device], PowerBudgets.None, caps);
        return caps[0];
    }
}
