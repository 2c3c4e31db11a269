using Crescent.Grains.Contracts.Power;

namespace Crescent.Tests.Grains.Contracts.Power;

public class PowerQuantityTests
{
    [Theory]
    [InlineData("700", 700.0, null)]
    [InlineData("700W", 700.0, null)]
    [InlineData("42.5kW", 42_500.0, null)]
    [InlineData(" 1.2 MW ", 1_200_000.0, null)]
    [InlineData("0.7", null, 0.7)]
    [InlineData("70%", null, 0.7)]
    [InlineData("1", null, 1.0)]
    [InlineData("0.5W", 0.5, null)]
    public void Watts_and_shares_are_read(string text, double? watts, double? share)
    {
        Assert.True(PowerQuantity.TryParse(text, out var quantity));
        Assert.Equal((watts, share), (quantity.Watts, quantity.Share is { } s ? Math.Round(s, 9) : null));
    }

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("0")]
    [InlineData("-5")]
    [InlineData("140%")]
    [InlineData("700 horses")]
    [InlineData("kW")]
    [InlineData("1e3")]
    [InlineData("NaN")]
    public void Anything_else_is_not(string? text) => Assert.False(PowerQuantity.TryParse(text, out _));
}
