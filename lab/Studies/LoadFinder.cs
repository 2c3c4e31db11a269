using System.Globalization;
using Crescent.Control.Placement;
using Crescent.Lab.Fleet;

namespace Crescent.Lab.Studies;

/// <summary>
/// Finds by bisection the arrival rate at which <c>kv-queue</c> at full budget stops meeting the promise for 99 % of requests. Where the trace has
/// requests that no load meets it for, a prompt too long for the time to first token, 99 % are counted of those that an all but idle fleet meets it for.
/// </summary>
public static class LoadFinder
{
    /// <summary>Share of requests that are to meet the promise.</summary>
    public const double Wanted = 0.99;

    /// <summary>The found rate is right within this share of it.</summary>
    public const double Precision = 0.02;

    private const double IdleRate = 0.02;
    private const int IdleRequests = 1500;
    private const double FirstRate = 1;

    /// <summary>Requests a second and device above which nothing is looked for.</summary>
    private const double MostRate = 1e5;

    /// <summary>Finds the rate; <paramref name="progress"/> hears of each probe.</summary>
    /// <exception cref="FormatException">The promise is met at no rate, or at every rate.</exception>
    public static FullLoad Find(StudyOptions options, Action<string, double, double>? progress = null, CancellationToken cancellationToken = default)
    {
        var idle = IdleRate * options.Fleet.DeviceCount;
        var alone = Attainment(options, idle, IdleRequests / idle, cancellationToken);
        progress?.Invoke("all but idle", idle, alone);
        double low = 0, high = 0, met = alone;
        for (var rate = FirstRate * options.Fleet.DeviceCount; high == 0 || high - low > Precision * high; rate = high == 0 ? rate * 2 : (low + high) / 2)
        {
            if (alone == 0 || rate < idle || rate > MostRate * options.Fleet.DeviceCount)
            {
                throw new FormatException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"'{options.Trace.Name}' has no full load on {options.Fleet}: {alone:0.0 %} of its first requests meet the SLO on an all but idle fleet, and with {KvQueuePolicy.PolicyName} the share of the first {options.MaxSeconds:0} s gets neither above nor below {Wanted:0 %} of that. Give the rate that is to count as load 1: --full-rate."));
            }

            var attainment = Attainment(options, rate, options.MaxSeconds, cancellationToken);
            progress?.Invoke("kv-queue", rate, attainment);
            if (attainment >= Wanted * alone)
            {
                (low, met) = (rate, attainment);
            }
            else
            {
                high = rate;
            }
        }

        return new FullLoad(low, met, alone);
    }

    private static double Attainment(StudyOptions options, double rate, double maxSeconds, CancellationToken cancellationToken)
    {
        using var fleet = new VirtualFleet(
            new FleetOptions { Spec = options.Fleet, Policy = KvQueuePolicy.PolicyName, Level = options.Level }, options.Trace.HasContent);
        return fleet.Run(options.Trace.At(rate, 0, options.MinSeconds, maxSeconds), cancellationToken).SloAttainment;
    }
}
