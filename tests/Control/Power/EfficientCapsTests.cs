using Crescent.Control.Power;

namespace Crescent.Tests.Control.Power;

public sealed class EfficientCapsTests
{
    private static readonly DevicePower Light = Profiles.Reading("silo/gpu", 300) with { Running = 10, ContextTokens = 10_000, PromptShare = 0.1, MaxStepTokens = 8192 };

    [Fact]
    public void A_light_load_gets_the_cap_of_the_least_clock()
    {
        var profile = Light.Profile;
        var least = Math.Max(profile.PrefillWattsAt(0.5), profile.DecodeWatts(10, 0.5));
        Assert.Equal(least, Cap(Light), 1e-9);
    }

    [Fact]
    public void A_cap_rises_with_the_share_of_prompts_up_to_the_highest()
    {
        double[] caps = [.. new[] { 0.1, 0.4, 0.6, 0.7, 0.84, 0.99 }.Select(share => Cap(Light with { PromptShare = share }))];
        Assert.Equal(caps.Order(), caps);
        Assert.True(caps[0] < caps[2]);
        Assert.Equal(Light.Profile.MaxCapWatts, caps[^1]);
    }

    [Fact]
    public void A_queue_that_would_take_too_long_raises_the_cap()
    {
        Assert.True(Cap(Light with { QueuedPromptSeconds = 0.5 }) > Cap(Light));
        Assert.Equal(Light.Profile.MaxCapWatts, Cap(Light with { QueuedPromptSeconds = 5 }));
    }

    [Fact]
    public void A_cap_is_never_outside_what_the_device_takes()
    {
        var narrow = Light with { Profile = Profiles.Of(minCap: 600, maxCap: 650) };
        Assert.Equal(600, Cap(narrow));
        Assert.Equal(650, Cap(narrow with { PromptShare = 2 }));
    }

    private static double Cap(DevicePower device)
    {
        var caps = new double[1];
        new EfficientCaps().Plan([device], PowerBudgets.None, caps);
        return caps[0];
    }
}
