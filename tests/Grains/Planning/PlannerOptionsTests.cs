using Crescent.Grains.Planning;

namespace Crescent.Tests.Grains.Planning;

public class PlannerOptionsTests
{
    [Fact]
    public void Those_of_the_product_are_right() => Assert.True(new PlannerOptionsValidator().Validate(null, new PlannerOptions()).Succeeded);

    [Theory]
    [InlineData("maybe", null, 1, 32, null, "Crescent:Planner:Mode is 'maybe'; it must be one of: off, dry-run, apply.")]
    [InlineData("apply", null, 1, 32, null, "Crescent:Planner:Set names no StatefulSet")]
    [InlineData("dry-run", "a", 0, 32, null, "Crescent:Planner:Fewest is 0; it must be 1 to 10000.")]
    [InlineData("dry-run", "a", 5, 4, null, "Crescent:Planner:Most is 4; it must be 5 to 10000.")]
    [InlineData("dry-run", "a", 1, 4, "10.0.0.1", "Crescent:Planner:Api is '10.0.0.1'")]
    public void What_cannot_be_is_told_by_its_key_and_its_range(string mode, string? set, int fewest, int most, string? api, string said)
    {
        var result = new PlannerOptionsValidator().Validate(null, new PlannerOptions { Mode = mode, Set = set, Fewest = fewest, Most = most, Api = api });
        Assert.True(result.Failed);
        Assert.Contains(said, Assert.Single(result.Failures!), StringComparison.Ordinal);
    }
}
