using System.Buffers.Text;

namespace Crescent.Engine.Power.Rapl;

/// <summary>One package's energy counter: microjoules that count up to a highest value and begin again at 0.</summary>
internal sealed class RaplDomain : IDisposable
{
    private readonly Microsoft.Win32.SafeHandles.SafeFileHandle _counter;
    private readonly long _range;
    private long _last;
    private long _total;

    /// <exception cref="IOException">A file is missing, cannot be read or holds no number.</exception>
    /// <exception cref="UnauthorizedAccessException">The counter is for root only, as it is by default since Linux 5.10.</exception>
    public RaplDomain(string folder)
    {
        var range = File.ReadAllText(Path.Combine(folder, "max_energy_range_uj")).Trim();
        _range = long.TryParse(range, out var parsed) && parsed > 0
            ? parsed
            : throw new IOException($"max_energy_range_uj holds '{range}' instead of a number above 0.");
        _counter = File.OpenHandle(Path.Combine(folder, "energy_uj"));
        try
        {
            _last = ReadCounter() ?? throw new IOException("energy_uj holds no number.");
        }
        catch
        {
            _counter.Dispose();
            throw;
        }
    }

    /// <summary>Joules since it was opened; null when the counter cannot be read. One thread at a time.</summary>
    public double? Read()
    {
        if (ReadCounter() is not { } now)
        {
            return null;
        }

        _total += now >= _last ? now - _last : _range - _last + now;
        _last = now;
        return _total / 1e6;
    }

    public void Dispose() => _counter.Dispose();

    private long? ReadCounter()
    {
        Span<byte> text = stackalloc byte[32];
        try
        {
            var length = RandomAccess.Read(_counter, text, 0);
            return Utf8Parser.TryParse(text[..length], out long value, out _) && value >= 0 ? value : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The kernel refuses single reads, for instance while the machine wakes up; the next may be well.
            return null;
        }
    }
}
