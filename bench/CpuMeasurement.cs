namespace Crescent.Bench;

/// <summary>Tokens a second of some work, over several runs.</summary>
internal sealed record CpuMeasurement(string Name, double Median, double Best)
{
    private const int WarmUp = 3;

    /// <summary>Does <paramref name="work"/>, which is so many tokens, <paramref name="repeat"/> times after warming up.</summary>
    public static CpuMeasurement Of(string name, int tokens, int repeat, Action work)
    {
        var rates = new List<double>();
        for (var i = 0; i < WarmUp + repeat; i++)
        {
            var start = TimeProvider.System.GetTimestamp();
            work();
            if (i >= WarmUp)
                rates.Add(tokens / TimeProvider.System.GetElapsedTime(start).TotalSeconds);
        }

        rates.Sort();
        return new CpuMeasurement(name, Math.Round(rates[rates.Count / 2], 1), Math.Round(rates[^1], 1));
    }
}
