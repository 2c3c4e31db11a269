namespace Crescent.Grains.Contracts.Factory;

/// <summary>Reads the factory's state for a client; stateless, answered by whichever silo is asked.</summary>
[Alias("Crescent.IFactoryGrain")]
public interface IFactoryGrain : IGrainWithIntegerKey
{
    /// <summary>Silos and devices as the answering silo sees them now.</summary>
    [Alias("GetSnapshot")]
    Task<FactorySnapshot> GetSnapshot(CancellationToken cancellationToken);

    /// <summary>
    /// Takes a device out of service, or puts it back: it takes no new calls, and what it has goes on elsewhere where another device may take it.
    /// A drain ends with the process of the device's silo.
    /// </summary>
    /// <param name="device"><c>silo/device</c>.</param>
    /// <param name="drained">Whether it is to be out of service.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentException">There is no such device; names those that there are.</exception>
    [Alias("Drain"), ResponseTimeout("00:00:10")]
    Task Drain(string device, bool drained, CancellationToken cancellationToken);

    /// <summary>
    /// Lets a device serve another model: it takes no new calls, what it has goes on elsewhere where another device with its model may take it, or ends, and the device
    /// is opened with the other model. Answers at once; <see cref="DeviceSnapshot.Loading"/>, <see cref="DeviceSnapshot.LoadFault"/> and
    /// <see cref="DeviceSnapshot.Model"/> tell how far it is. Ends with the process of the device's silo.
    /// </summary>
    /// <param name="device"><c>silo/device</c>.</param>
    /// <param name="model">A name of a model that the cluster knows.</param>
    /// <param name="drainSeconds">Longest time for what the device has; 0 and up.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentException">There is no such device or model, which is the parameter that it names, or the device cannot serve it.</exception>
    [Alias("LoadModel"), ResponseTimeout("00:00:15")]
    Task LoadModel(string device, string model, double drainSeconds, CancellationToken cancellationToken);

    /// <summary>Why a request went where it went: the decisions of all silos about it.</summary>
    [Alias("GetDecisions")]
    Task<DecisionAnswer> GetDecisions(string requestId, CancellationToken cancellationToken);
}
