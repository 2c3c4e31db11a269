using Crescent.Control.Health;
using Crescent.Control.Placement;
using Crescent.Grains.Gpu;
using Crescent.Grains.Kept;
using Crescent.Grains.Placement;
using Crescent.Grains.Streams;
using Microsoft.Extensions.Configuration;

namespace Crescent.Tests.Grains;

public sealed class OptionsTests
{
    [Fact]
    public void The_defaults_are_within_their_ranges()
    {
        Assert.True(new PlacementOptionsValidator().Validate(null, new PlacementOptions()).Succeeded);
        Assert.True(new GenerationOptionsValidator().Validate(null, new GenerationOptions()).Succeeded);
        Assert.True(new HealthOptionsValidator().Validate(null, new HealthOptions()).Succeeded);
        Assert.True(new KeptOptionsValidator().Validate(null, new KeptOptions()).Succeeded);
    }

    [Fact]
    public void A_wrong_placement_option_is_named_with_its_range()
    {
        var result = new PlacementOptionsValidator().Validate(null, new PlacementOptions { Policy = "best", StaleSeconds = 0, MaxQueued = 0, Weights = new PowerWeights { Energy = -1, Margin = 2 } });
        Assert.Contains("Crescent:Placement:Policy is 'best'", result.FailureMessage, StringComparison.Ordinal);
        Assert.Contains("Crescent:Placement:StaleSeconds is 0; it must be 1 to 60.", result.FailureMessage, StringComparison.Ordinal);
        Assert.Contains("Crescent:Placement:MaxQueued is 0; it must be 1 or more.", result.FailureMessage, StringComparison.Ordinal);
        Assert.Contains("Crescent:Placement:Weights:Energy is -1; it must be 0 to 1000.", result.FailureMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_option_of_kept_answers_is_named_with_its_range()
    {
        var result = new KeptOptionsValidator().Validate(null, new KeptOptions { Seconds = -1, AloneSeconds = 4000, AnswerMib = 0, Mib = double.NaN });
        Assert.Equal(
            [
                "Crescent:Kept:Seconds is -1; it must be 0 to 3600.",
                "Crescent:Kept:AloneSeconds is 4000; it must be 0 to 3600.",
                "Crescent:Kept:AnswerMib is 0; it must be 0.015625 to 64.",
                "Crescent:Kept:Mib is NaN; it must be 0.015625 to 65536.",
            ],
            result.Failures);
    }

    [Fact]
    public void The_former_default_policy_is_named_with_what_took_its_place()
    {
        var result = new PlacementOptionsValidator().Validate(null, new PlacementOptions { Policy = "power-queue" });
        Assert.Contains("power-queue is gone; power-aware took its place.", result.FailureMessage, StringComparison.Ordinal);
        Assert.All(PlacementPolicies.Names, name => Assert.Contains(name, result.FailureMessage, StringComparison.Ordinal));
    }

    [Fact]
    public void Weights_are_read_from_the_configuration()
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("Crescent:Placement:Weights:Energy", "0.5"), new("Crescent:Placement:Weights:Overlap", "false")])
            .Build();
        var options = new PlacementOptions();
        configuration.GetSection(PlacementOptions.Section).Bind(options);
        Assert.Equal(new PowerWeights { Energy = 0.5, Overlap = false }, options.Weights);
    }

    [Fact]
    public void A_wrong_health_option_is_named_with_its_range()
    {
        var result = new HealthOptionsValidator().Validate(null, new HealthOptions { FailedSteps = 0, StallFactor = 1, FirstPauseSeconds = 90, ReleaseSeconds = double.NaN });
        Assert.Equal(
            [
                "Crescent:Health:FailedSteps is 0; it must be 1 to 1000.",
                "Crescent:Health:StallFactor is 1; it must be 2 to 1000.",
                "Crescent:Health:LongestPauseSeconds is 60; it must be 90 to 86400.",
                "Crescent:Health:ReleaseSeconds is NaN; it must be 0 to 86400.",
            ],
            result.Failures);
    }

    [Fact]
    public void A_wrong_generation_option_is_named_with_its_range()
    {
        var result = new GenerationOptionsValidator().Validate(null, new GenerationOptions { MaxAttempts = 256, DrainSeconds = -1 });
        Assert.Contains("Crescent:Generation:MaxAttempts is 256; it must be 1 to 255.", result.FailureMessage, StringComparison.Ordinal);
        Assert.Contains("Crescent:Generation:DrainSeconds is -1; it must be 0 to 3600.", result.FailureMessage, StringComparison.Ordinal);
    }
}
