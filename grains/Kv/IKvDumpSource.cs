using Crescent.Engine.Kv;

namespace Crescent.Grains.Kv;

/// <summary>Gives all that a device's cache holds.</summary>
internal interface IKvDumpSource
{
    /// <exception cref="OrleansException">The device cannot be reached.</exception>
    /// <exception cref="TimeoutException">It did not answer in time, or others asked so often that it forgot the dump half-way.</exception>
    Task<KvDump> Fetch(string device, CancellationToken cancellationToken);
}
