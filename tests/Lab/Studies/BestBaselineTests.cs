using Crescent.Lab.Studies;

namespace Crescent.Tests.Lab.Studies;

public sealed class BestBaselineTests
{
    [Fact]
    public void The_best_baseline_has_most_tokens_a_joule_of_those_that_keep_the_promise()
    {
        var best = BestBaseline.Of([("kept", Mean(1, 0.2)), ("nearly", Mean(0.996, 0.25)), ("broken", Mean(0.99, 0.9))]);
        Assert.Equal("nearly", best!.Policy);
        Assert.Equal("kept", BestBaseline.Of([("over", Mean(1, 0.9) with { OverBudgetSeconds = 0.25 }), ("kept", Mean(1, 0.2))])!.Policy);
        Assert.Null(BestBaseline.Of([]));
    }

    [Theory]
    [InlineData("power-aware", false)]
    [InlineData("power-aware+uniform", false)]
    [InlineData("power-aware-energy", false)]
    [InlineData("kv-queue+session", true)]
    [InlineData("sticky+burst", true)]
    [InlineData("parent-groups", true)]
    public void Whatever_is_not_power_aware_is_a_baseline(string name, bool isBaseline) => Assert.Equal(isBaseline, StudyPolicy.Parse(name).IsBaseline);

    [Fact]
    public void What_a_policy_believes_stands_in_its_name()
    {
        var policy = StudyPolicy.Parse("power-aware+uniform~times:0.6~idle:1.4~length:0.5");
        Assert.Equal((0.6, 1.4, 1, 1, 0.5), (policy.Belief.Times, policy.Belief.Idle, policy.Belief.Power, policy.Belief.Curve, policy.LengthFactor));
        Assert.True(StudyPolicy.Parse("power-aware~learned").Belief.IsLearned);
        foreach (var name in (string[])["power-aware~luck:1", "power-aware~times", "power-aware~times:0", "sticky+burst+session", "power-aware~times:x"])
        {
            Assert.Throws<FormatException>(() => StudyPolicy.Parse(name));
        }
    }

    private static StudyMean Mean(double attainment, double perJoule) => new(attainment, perJoule, perJoule, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0);
}
