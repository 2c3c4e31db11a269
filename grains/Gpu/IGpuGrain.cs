using Crescent.Grains.Placement;
using Crescent.Grains.Telemetry;

namespace Crescent.Grains.Gpu;

/// <summary>
/// One device of the factory: its activation opens the device, its deactivation closes it. Key <c>silo/device</c> (<see cref="DeviceKey"/>). It lives in the silo that owns the device and nowhere
/// else; while that silo is down, calls fail with <see cref="SiloUnavailableException"/>.
/// </summary>
[Alias("Crescent.IGpuGrain")]
public interface IGpuGrain : IGrainWithStringKey
{
    /// <summary>Queues a sequence on the device. Its tokens go to the submission's observer until it ends.</summary>
    [Alias("Submit"), ResponseTimeout("00:00:10")]
    Task<SubmissionReply> Submit(Submission submission);

    /// <summary>Opens the device, if it is not open; answers when it serves. However long that takes: a model may have to be loaded.</summary>
    [Alias("Open"), ResponseTimeout("01:00:00")]
    Task Open();

    /// <summary>Closes the device: ends what it still has, and gives its memory back. Until it is opened it takes no calls.</summary>
    [Alias("Close"), ResponseTimeout("00:00:30")]
    Task Close();

    /// <summary>Takes the device out of service, or back in: it takes no new work, and front ends move what it has, where another device may take it.</summary>
    [Alias("Drain"), ResponseTimeout("00:00:05")]
    Task Drain(bool drained);

    /// <summary>
    /// Lets the device serve another model of the catalogue: it takes no new work, and is closed and opened anew once what it has is gone, after
    /// <paramref name="drainSeconds"/> at the latest. Answers at once; the report tells how far it is.
    /// </summary>
    /// <exception cref="ArgumentException">There is no such model, or the device cannot serve it.</exception>
    [Alias("Load"), ResponseTimeout("00:00:10")]
    Task Load(string model, double drainSeconds);

    /// <summary>Ends sequences within one step; unknown tickets are ignored.</summary>
    [Alias("Cancel"), ResponseTimeout("00:00:05")]
    Task Cancel(long[] tickets);

    /// <summary>Says which of <paramref name="tickets"/> the device does not have, and how many steps it has done.</summary>
    [Alias("FindMissing"), ResponseTimeout("00:00:05")]
    Task<MissingReply> FindMissing(long[] tickets);

    /// <summary>
    /// A page of all that the device's prefix cache holds: 0 and 0 for the first page of a new dump, then the dump and the number of hashes
    /// fetched so far.
    /// </summary>
    [Alias("DumpKv"), ResponseTimeout("00:00:10")]
    Task<KvDumpPage> DumpKv(long dump, int offset);

    /// <summary>Orders a power cap; one that is older than the last, or doubled, does nothing.</summary>
    /// <returns>The cap in force now, W.</returns>
    [Alias("SetCap"), ResponseTimeout("00:00:02")]
    Task<double> SetCap(CapCommand command);

    /// <summary>The device's state now.</summary>
    [Alias("GetState")]
    Task<DeviceReport> GetState();
}
