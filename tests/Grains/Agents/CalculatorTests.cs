using Crescent.Grains.Agents;

namespace Crescent.Tests.Grains.Agents;

public sealed class CalculatorTests
{
    [Theory]
    [InlineData("71 * 913", "64823")]
    [InlineData("2 + 3 * 4 - 6 / 4", "12.5")]
    [InlineData("-(2 + 3) ^ 2", "-25")]
    [InlineData("2 ^ -1", "0.5")]
    [InlineData("1,200 + .5", "1200.5")]
    [InlineData("7 % 4 - -1", "4")]
    public void It_computes(string expression, string value) => Assert.Equal(value, Calculator.Compute(expression));

    [Theory]
    [InlineData("1 / 0", "zero")]
    [InlineData("9 ^ 99", "too large")]
    [InlineData("2 +", "character 4")]
    [InlineData("System.Exit(1)", "not understood")]
    [InlineData("1 2", "character 3")]
    public void What_has_no_value_is_said(string expression, string fault) =>
        Assert.Contains(fault, Assert.Throws<AgentToolException>(() => Calculator.Compute(expression)).Message, StringComparison.Ordinal);

    [Fact]
    public void Deep_brackets_are_refused() => Assert.Throws<AgentToolException>(() => Calculator.Compute(new string('(', 500) + "1" + new string(')', 499)));
}
