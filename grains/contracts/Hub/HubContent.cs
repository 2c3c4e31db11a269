namespace Crescent.Grains.Contracts.Hub;

/// <summary>A file that is being read from a hub.</summary>
/// <param name="response">What it comes with.</param>
/// <param name="stream">Its bytes.</param>
/// <param name="from">Where they begin in the file; -1 where the hub cannot give what was asked for.</param>
public sealed class HubContent(HttpResponseMessage response, Stream stream, long from) : IDisposable
{
    /// <summary>Its bytes from <see cref="From"/> on.</summary>
    public Stream Stream { get; } = stream;

    /// <summary>Where they begin in the file; -1 where the hub cannot give what was asked for.</summary>
    public long From { get; } = from;

    public void Dispose()
    {
        Stream.Dispose();
        response.Dispose();
    }
}
