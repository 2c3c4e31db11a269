using Crescent.Control.Planning;

namespace Crescent.Tests.Control.Planning;

public class LoadForecastTests
{
    private const double Day = 86_400;

    [Fact]
    public void A_trend_is_carried_on_and_not_beyond_twice_the_level()
    {
        var forecast = Fed(600, static t => 100 + t);
        Assert.InRange(forecast.Ahead(600, 60).Sequences, 740, 780);
        Assert.InRange(forecast.Ahead(600, 100_000).Sequences, 1390, 1420);
    }

    [Fact]
    public void A_level_load_is_expected_to_stay()
    {
        var forecast = Fed(600, static _ => 100);
        Assert.Equal(100, forecast.Ahead(600, 300).Sequences, 3);
        Assert.Equal(10, forecast.Ahead(600, 300).PromptSeconds, 3);
    }

    [Fact]
    public void The_morning_of_the_day_before_is_expected_again_before_it_is_seen()
    {
        // From 8 to 9 it doubles, each day.
        static double Shape(double t) => t % Day is >= 8 * 3600 and < 20 * 3600 ? 200 : 100;
        var before = 7.9 * 3600;
        Assert.Equal(100, Fed(before, Shape).Ahead(before, 900).Sequences, 0);
        Assert.Equal(200, Fed(Day + before, Shape).Ahead(before, 900).Sequences, 0);
    }

    private static LoadForecast Fed(double seconds, Func<double, double> sequences)
    {
        var forecast = new LoadForecast();
        for (var t = 0.0; t <= seconds; t += 5)
        {
            forecast.Learn(t, t, new FleetLoad(sequences(t), 0, sequences(t) / 10));
        }

        return forecast;
    }
}
