namespace Crescent.Bench.Gossip;

/// <summary>Times of one thing, us.</summary>
internal sealed record Times(double Mean, double P50, double P99)
{
    public static Times Of(List<double> us)
    {
        var sorted = us.Order().ToList();
        return new Times(us.Average(), sorted[sorted.Count / 2], sorted[sorted.Count * 99 / 100]);
    }

    public override string ToString() => $"mean {Mean:F1} us, p50 {P50:F1}, p99 {P99:F1}";
}
