namespace Crescent.Bench;

/// <summary>Tokens a second of some work, over several runs.</summary>
internal sealed record CpuMeasurement(string Name, double Median, double Best)
{
    // The runtime compiles a method anew after thirty calls, in the background: what is measured is what a warm server does.
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(0.7);

    /// <summary>Does <paramref name="work"/>, which is so many tokens, <paramref name="repeat"/> times after warming up.</summary>
    public static CpuMeasurement Of(string name, int tokens, int repeat, Action work)
    {
        var begin = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(begin) < WarmUp)
            work();
        var rates = new List<double>();
        for (var i = 0; i < repeat; i++)
        {
            var start = TimeProvider.System.GetTimestamp();
            work();
            rates.Add(tokens / TimeProvider.System.GetElapsedTime(start).TotalSeconds);
        }

        rates.Sort();
        return new CpuMeasurement(name, Math.Round(rates[rates.Count / 2], 1), Math.Round(rates[^1], 1));
    }
}
