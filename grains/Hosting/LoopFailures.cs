using Crescent.Grains.Metrics;
using Microsoft.Extensions.Logging;

namespace Crescent.Grains.Hosting;

/// <summary>Counts and logs the failures of one background loop; of failures in a row the 1st, 2nd, 4th, 8th … is logged, so that none floods the log.</summary>
internal sealed class LoopFailures(string name, FactoryMetrics metrics, ILogger logger)
{
    private long _inARow;

    /// <summary>A turn has failed.</summary>
    public void Failed(Exception exception)
    {
        metrics.LoopFailed(name);
        if (long.IsPow2(++_inARow))
        {
            LoopLog.Failed(logger, exception, name, _inARow);
        }
    }

    /// <summary>A turn has worked.</summary>
    public void Worked()
    {
        if (_inARow > 0)
        {
            LoopLog.Recovered(logger, name, _inARow);
        }

        _inARow = 0;
    }
}
