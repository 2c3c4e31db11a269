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

    /// <summary>The same of programs, by what they were given.</summary>
    public double OfPrograms { get; private set; } = 1;

    /// <summary>Ends the window if its time has come.</summary>
    public void Measure(ReadOnlySpan<TenantQueues> classes)
    {
        if (time.GetElapsedTime(_began) < Window)
        {
            return;
        }

        _began = time.GetTimestamp();
        (Value, OfPrograms) = (1, 1);
        foreach (var tenants in classes)
        {
            Value = Math.Min(Value, Close(tenants));
            OfPrograms = Math.Min(OfPrograms, Close(tenants.Programs));
        }
    }

    private static double Close(TenantQueues tenants)
    {
        var sum = default(Sum);
        for (var node = tenants.Pending.First; node is not null; node = node.Next)
        {
            var account = node.Value;
            sum.Add(account.Given - account.GivenBefore);
            account.GivenBefore = account.Given;
        }

        return sum.Index;
    }

    private static double Close(ProgramAccounts programs)
    {
        var sum = default(Sum);
        for (var node = programs.Pending.First; node is not null; node = node.Next)
        {
            var account = node.Value;
            sum.Add(account.Given - account.GivenBefore);
            account.GivenBefore = account.Given;
        }

        return sum.Index;
    }

    /// <summary>Sums over those that waited all along.</summary>
    private struct Sum
    {
        private int _count;
        private double _sum;
        private double _squares;

        public readonly double Index => _squares == 0 ? 1 : _sum * _sum / (_count * _squares);

        /// <summary>What one was given in the window; NaN for who did not wait all along.</summary>
        public void Add(double given)
        {
            if (!double.IsNaN(given))
            {
                _count++;
                _sum += given;
                _squares += given * given;
            }
        }
    }
}
