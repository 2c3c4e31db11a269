namespace Crescent.Lab.Traces;

/// <summary>Requests in the order of their arrival.</summary>
/// <param name="Name">For tables and files.</param>
/// <param name="Requests">At least one.</param>
/// <param name="Seconds">How long it goes on: to the last arrival, and a mean gap more.</param>
public sealed record Trace(string Name, IReadOnlyList<TraceRequest> Requests, double Seconds)
{
    /// <summary>Tokens that an id of <see cref="TraceRequest.Blocks"/> stands for.</summary>
    public const int BlockTokens = 512;

    /// <summary>Requests a second, in the mean.</summary>
    public double Rate => Requests.Count / Seconds;

    /// <summary>Whether prompts have content, so that caches can hit.</summary>
    public bool HasContent => Requests[0].Blocks is not null;

    /// <summary>A trace of <paramref name="requests"/>, whatever their order.</summary>
    public static Trace Of(string name, List<TraceRequest> requests)
    {
        requests.Sort(static (a, b) => a.Seconds.CompareTo(b.Seconds));
        var first = requests[0].Seconds;
        for (var i = 0; i < requests.Count; i++)
        {
            requests[i] = requests[i] with { Seconds = requests[i].Seconds - first };
        }

        var last = requests[^1].Seconds;
        return new Trace(name, requests, last > 0 ? last * requests.Count / (requests.Count - 1) : 1);
    }

    /// <summary>
    /// The trace at <paramref name="rate"/> requests a second: time is stretched or squeezed, so that bursts stay bursts. Seed 0 begins where the
    /// trace does, others somewhere within it, and go on around its end. What lasts less than <paramref name="minSeconds"/> then is
    /// followed by itself with other contents; what lasts more than <paramref name="maxSeconds"/> is cut.
    /// </summary>
    public IEnumerable<Arrival> At(double rate, int seed, double minSeconds, double maxSeconds = double.PositiveInfinity)
    {
        var speed = rate / Rate;
        var length = Seconds / speed;
        var random = new Random(seed);
        for (var round = 0; round == 0 || round * length < minSeconds; round++)
        {
            var first = seed == 0 && round == 0 ? 0 : random.Next(Requests.Count);
            var start = Requests[first].Seconds;
            for (var i = 0; i < Requests.Count; i++)
            {
                var request = Requests[(first + i) % Requests.Count];
                var after = request.Seconds - start + (first + i >= Requests.Count ? Seconds : 0);
                var at = (round * length) + (after / speed);
                if (at >= maxSeconds)
                {
                    yield break;
                }

                yield return new Arrival(at, request, (seed * 1000) + round);
            }
        }
    }
}
