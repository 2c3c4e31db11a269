namespace Crescent.Engine.Scheduling;

/// <summary>
/// Jain's index of what the tenants of each class were given that had something waiting all through a window of time: (sum x)^2 / (n sum x^2), 1 when all got
/// the same by their weights, 1/n when one got everything. Of the classes the least counts; 1 where fewer than two tenants waited.
/// </summary>
/// <param name="time">The engine's clock.</param>
internal sealed class FairnessIndex(TimeProvider time)
{
    /// <summary>Long enough for some answers to be served, short enough to see a change.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(30);

    private long _began = time.GetTimestamp();

    /// <summary>The index of the last window that is over.</summary>
    public double Value { get; private set; } = 1;

    /// <summary>Ends the window if its time has come.</summary>
    public void Measure(ReadOnlySpan<TenantQueues> classes)
    {
        if (time.GetElapsedTime(_began) < Window)
        {
            return;
        }

        _began = time.GetTimestamp();
        Value = 1;
        foreach (var tenants in classes)
        {
            Value = Math.Min(Value, Close(tenants));
        }
    }

    private static double Close(TenantQueues tenants)
    {
        var (count, sum, squares) = (0, 0.0, 0.0);
        for (var node = tenants.Pending.First; node is not null; node = node.Next)
        {
            var account = node.Value;
            if (!double.IsNaN(account.GivenBefore))
            {
                var given = account.Given - account.GivenBefore;
                count++;
                sum += given;
                squares += given * given;
            }

            account.GivenBefore = account.Given;
        }

        return squares == 0 ? 1 : sum * sum / (count * squares);
    }
}
