using Crescent.Client.Rendering;

namespace Crescent.Tests.Client.Rendering;

public sealed class FiguresTests
{
    [Theory]
    [InlineData(0, "0 J")]
    [InlineData(.0123, "12.3 mJ")]
    [InlineData(1.234, "1.23 J")]
    [InlineData(12345, "12.35 kJ")]
    [InlineData(3.6e6, "3.60 MJ")]
    public void Joules_take_the_unit_of_their_size(double joules, string text) => Assert.Equal(text, Figures.Joules(joules));

    [Theory]
    [InlineData(0, "0 ms")]
    [InlineData(.0351, "35 ms")]
    [InlineData(1.26, "1.3 s")]
    [InlineData(600, "10 min")]
    public void Seconds_take_the_unit_of_their_size(double seconds, string text) => Assert.Equal(text, Figures.Seconds(seconds));

    [Fact]
    public void A_cap_stands_beside_the_watts_where_there_is_one()
    {
        Assert.Equal("35.2/65 W", Figures.Watts(35.2, 65));
        Assert.Equal("35 W", Figures.Watts(35, 0));
    }

    [Fact]
    public void A_share_of_nothing_is_no_number()
    {
        Assert.Equal("25 %", Figures.Share(1, 4));
        Assert.Equal("-", Figures.Share(0, 0));
    }
}
