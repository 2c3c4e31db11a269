namespace Crescent.Grains.Contracts.Hub;

/// <summary>Counts what comes of a model and tells of it now and then.</summary>
internal sealed class PullMeter(HubModel model, Action<PullProgress> progress, TimeProvider time, TimeSpan telling)
{
    private long _before; // of the files before the one at hand
    private long _file; // of the one at hand
    private long _counted; // since the last word
    private long _last = time.GetTimestamp();

    /// <summary>Begins a file of which <paramref name="there"/> bytes are there.</summary>
    public void Begin(long there)
    {
        _before += _file;
        _file = there;
        Tell(rate: 0);
    }

    /// <summary>The file begins anew.</summary>
    public void Again() => _file = 0;

    /// <summary>Takes in what came.</summary>
    public void Add(int bytes)
    {
        _file += bytes;
        _counted += bytes;
        var elapsed = time.GetElapsedTime(_last);
        if (elapsed >= telling || _before + _file == model.Bytes)
        {
            Tell(_counted / Math.Max(elapsed.TotalSeconds, 1e-3));
        }
    }

    /// <summary>Says something else.</summary>
    public void Tell(string note) => progress(new PullProgress(model.Name, _before + _file, model.Bytes, 0, note));

    private void Tell(double rate)
    {
        progress(new PullProgress(model.Name, _before + _file, model.Bytes, rate));
        (_counted, _last) = (0, time.GetTimestamp());
    }
}
