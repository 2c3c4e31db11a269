using Crescent.Engine.Kv;

namespace Crescent.Control.Kv;

/// <summary>
/// Which device holds which cached KV blocks, as the devices' events tell, and so how much of a prompt each device has cached. Pure: it
/// asks nobody. Not safe for several threads.
/// </summary>
/// <remarks>
/// A million different blocks take 37 MB, and those that more than 16 devices hold another 160 bytes each where there is room for 1,000
/// devices. Looking up allocates nothing. Tiers are not told apart, since events do not: a block counts while the device can find it anywhere.
/// </remarks>
public sealed class KvIndex
{
    public const int DefaultDevices = 1000;

    /// <summary>How long a prediction holds unless told otherwise.</summary>
    public static readonly TimeSpan DefaultPrediction = TimeSpan.FromSeconds(5);

    // Slots of devices that were reset and not swept out yet: a quarter more than devices.
    private const int SpareShare = 4;

    private const int SweepBudget = 1024;
    private const int NoSlot = -1;

    private readonly TimeProvider _time;
    private readonly HolderIndex _blocks;
    private readonly PredictedPrefixes _predicted;
    private readonly List<int> _slots = [];

    // By device; null where a sequence can begin behind any cached block.
    private readonly List<KvPlaces?> _places = [];

    /// <summary>An index without devices.</summary>
    /// <param name="time">By which predictions end.</param>
    /// <param name="devices">Devices to make room for; more than that is possible, at the price of a pause.</param>
    /// <param name="seed">
    /// Spreads the hashes, random unless given: whoever knows it could write prompts that make the index slow.
    /// </param>
    public KvIndex(TimeProvider time, int devices = DefaultDevices, ulong? seed = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(devices);
        _time = time;
        var multiplier = (seed ?? (ulong)Random.Shared.NextInt64(long.MinValue, long.MaxValue)) | 1;
        _blocks = new HolderIndex(devices + (devices / SpareShare), multiplier);
        _predicted = new PredictedPrefixes(multiplier);
    }

    /// <summary>Different blocks, including for a while those of devices that were reset.</summary>
    public int Blocks => _blocks.Blocks;

    /// <summary>Predictions in force.</summary>
    public int Predictions => _predicted.Count;

    /// <summary>All device indices are below this: how long the result of <see cref="Overlap"/> must be.</summary>
    public int DeviceLimit => _slots.Count;

    /// <summary>Blocks that <paramref name="device"/> holds.</summary>
    public int BlocksOf(int device) => _blocks.CountOf(SlotOf(device));

    /// <summary>Adds a device that holds nothing.</summary>
    /// <param name="places">Where sequences can begin on it; null for behind any cached block.</param>
    /// <returns>Its index: the lowest that no other device has.</returns>
    public int AddDevice(KvPlaces? places = null)
    {
        var device = _slots.IndexOf(NoSlot);
        if (device < 0)
        {
            device = _slots.Count;
            _slots.Add(NoSlot);
            _places.Add(null);
        }

        _slots[device] = _blocks.Open(device);
        _places[device] = places is { IsAnywhere: false } ? places : null;
        return device;
    }

    /// <summary>Forgets a device; its index may be given to another.</summary>
    public void RemoveDevice(int device)
    {
        _blocks.Close(SlotOf(device));
        _predicted.Forget(device);
        _slots[device] = NoSlot;
    }

    /// <summary>The device holds nothing any more, such as after a restart. Takes no longer for many blocks than for few.</summary>
    public void Reset(int device)
    {
        _blocks.Close(SlotOf(device));
        _predicted.Forget(device);
        _slots[device] = _blocks.Open(device);
    }

    /// <summary>The device holds <paramref name="hashes"/> from now on. What was predicted up to one of them is confirmed.</summary>
    public void Stored(int device, ReadOnlySpan<BlockHash> hashes)
    {
        _blocks.Add(SlotOf(device), hashes);
        _predicted.Confirm(device, hashes);
        _blocks.Sweep(SweepBudget);
    }

    /// <summary>The device does not hold <paramref name="hashes"/> any more; those it did not hold are ignored.</summary>
    public void Evicted(int device, ReadOnlySpan<BlockHash> hashes)
    {
        _blocks.Remove(SlotOf(device), hashes);
        _blocks.Sweep(SweepBudget);
    }

    /// <summary>Does what the follower of the device's events says.</summary>
    public void Apply(int device, KvUpdate update)
    {
        if (update.Replaces)
        {
            Reset(device);
        }

        Stored(device, update.Hashes);
        foreach (ref readonly var change in update.Events)
        {
            var hash = change.Hash;
            if (change.Kind == KvEventKind.Stored)
            {
                Stored(device, new ReadOnlySpan<BlockHash>(in hash));
            }
            else
            {
                Evicted(device, new ReadOnlySpan<BlockHash>(in hash));
            }
        }
    }

    /// <summary>
    /// A prompt was sent to the device, which will hold its blocks soon: counted as held until the device has stored the last of them, or
    /// <paramref name="lifetime"/> has passed, or it is reset.
    /// </summary>
    /// <param name="device">The device.</param>
    /// <param name="chain">Hashes of the prompt's full blocks from the first on; none predicts nothing.</param>
    /// <param name="lifetime">Above zero; <see cref="DefaultPrediction"/> for most.</param>
    public void Predict(int device, ReadOnlySpan<BlockHash> chain, TimeSpan lifetime)
    {
        _ = SlotOf(device);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(lifetime, TimeSpan.Zero);
        var now = _time.GetTimestamp();
        _predicted.Expire(now);
        if (chain.Length > 0)
        {
            _predicted.Add(device, chain, now + (long)(lifetime.TotalSeconds * _time.TimestampFrequency));
        }
    }

    /// <summary>
    /// How many leading blocks of a prompt each device has cached, or is predicted to have in a moment. Of a device on which a sequence cannot begin behind any block,
    /// those behind which it can; what is predicted counts as it is.
    /// </summary>
    /// <param name="chain">Hashes of the prompt's full blocks from the first on, each chained to the one before.</param>
    /// <param name="overlap">
    /// By device index, at least <see cref="DeviceLimit"/> long: set to the number of blocks; 0 where there is no device.
    /// </param>
    /// <remarks>
    /// Caches free a chain's tail first, so a device that holds a block mostly holds all before it; hence only every 32nd block is
    /// looked at, and the blocks between two only where some device has the one and not the other. For a device without holes in the chain the number
    /// is exact. For one with holes it is never less than the blocks before its first hole; it holds the block that the number
    /// ends with (so the number never reaches beyond the last block it holds), the first, and every looked-at block in between; the holes it may count are only
    /// those between looked-at blocks both of which it holds.
    /// </remarks>
    public void Overlap(ReadOnlySpan<BlockHash> chain, Span<int> overlap)
    {
        if (overlap.Length < DeviceLimit)
        {
            throw new ArgumentException($"There are device indices up to {DeviceLimit - 1}, but room for {overlap.Length} numbers.", nameof(overlap));
        }

        overlap.Clear();
        _blocks.Lead(chain, overlap);
        Shorten(chain, overlap);
        _predicted.Expire(_time.GetTimestamp());
        if (_predicted.Count > 0)
        {
            _predicted.Lead(chain, overlap);
        }
    }

    /// <summary>Lowers <paramref name="overlap"/> to where sequences can begin.</summary>
    private void Shorten(ReadOnlySpan<BlockHash> chain, Span<int> overlap)
    {
        Span<ulong> states = stackalloc ulong[_blocks.Words];
        var hasStates = false;
        for (var device = 0; device < _places.Count; device++)
        {
            if (overlap[device] == 0 || _places[device] is not { } places)
            {
                continue;
            }

            if (places is { HasStates: true, Windows.Count: 0 })
            {
                // Of a thousand devices each would look through the chain for a state.
                Bits.Set(states, _slots[device]);
                hasStates = true;
            }
            else
            {
                overlap[device] = places.Last(overlap[device], new Contents(_blocks, _slots[device], chain));
            }
        }

        if (hasStates)
        {
            _blocks.Trail(chain, KvPlaces.StateGroup, states, overlap);
        }
    }

    private int SlotOf(int device)
    {
        var slot = (uint)device < (uint)_slots.Count ? _slots[device] : NoSlot;
        return slot >= 0 ? slot : throw new ArgumentException($"The index has no device {device}.", nameof(device));
    }

    private readonly ref struct Contents(HolderIndex blocks, int slot, ReadOnlySpan<BlockHash> chain) : IKvContents
    {
        private readonly ReadOnlySpan<BlockHash> _chain = chain;

        public bool Has(int number, int group) => blocks.Holds(slot, _chain[number].Of(group));
    }
}
