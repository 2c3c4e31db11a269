namespace Crescent.Client.Load.Draws;

/// <summary>Orders that are drawn (Fisher and Yates).</summary>
internal static class DrawnOrder
{
    /// <summary>The numbers below <paramref name="count"/> in an order of the seed's.</summary>
    public static int[] Of(int count, long seed)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        var stream = new SeededStream(seed, DrawPurpose.Order, 0);
        for (var i = order.Length - 1; i > 0; i--)
        {
            var other = (int)(stream.Next() % (ulong)(i + 1));
            (order[i], order[other]) = (order[other], order[i]);
        }

        return order;
    }
}
