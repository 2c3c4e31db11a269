using Crescent.Engine.Devices;

namespace Crescent.Tests.Engine.Devices.Cpu;

/// <summary>A sequence on a device, with blocks of its own that need not lie in order.</summary>
internal sealed class DeviceSequence
{
    private readonly IDevice _device;
    private readonly int[] _table;
    private readonly int _state;
    private readonly StepPlan _plan;

    /// <summary>A sequence whose blocks are <paramref name="firstBlock"/> and every <paramref name="blockStep"/>th from there.</summary>
    public DeviceSequence(IDevice device, int positions, int firstBlock = 0, int blockStep = 1, int state = 0)
    {
        _device = device;
        _state = state;
        var blockSize = KvBlockSize.Of(device.Info);
        _plan = new StepPlan(blockSize, groups: device.Info.KvGroups.Count);
        _table = [.. Enumerable.Range(0, blockSize.BlocksFor(positions)).Select(i => firstBlock + (i * blockStep))];
    }

    public int Length { get; private set; }

    /// <summary>Runs <paramref name="tokens"/> in one step.</summary>
    /// <returns>A copy of the last token's logits.</returns>
    public float[] Append(params ReadOnlySpan<int> tokens)
    {
        _plan.Clear();
        var row = AddTo(_plan, tokens, LogitsWanted.Last);
        return _device.Execute(_plan).Logits(row).ToArray();
    }

    /// <summary>Runs <paramref name="tokens"/> in steps of at most <paramref name="chunk"/>.</summary>
    /// <returns>A copy of the last token's logits.</returns>
    public float[] AppendChunked(ReadOnlySpan<int> tokens, int chunk)
    {
        while (tokens.Length > chunk)
        {
            _plan.Clear();
            AddTo(_plan, tokens[..chunk], LogitsWanted.None);
            _device.Execute(_plan);
            tokens = tokens[chunk..];
        }

        return Append(tokens);
    }

    /// <summary>Adds <paramref name="tokens"/> to a step with others.</summary>
    /// <returns>The first of the rows of logits.</returns>
    public int AddTo(StepPlan plan, ReadOnlySpan<int> tokens, LogitsWanted logits)
    {
        var row = plan.Add(tokens, Length, _table, logits, stateSlot: _state);
        for (var group = 1; group < plan.Groups; group++)
        {
            // Each group has its part of the blocks.
            var offset = group * (_device.Info.BlockCount / plan.Groups);
            plan.AddTable(Array.ConvertAll(_table, block => block + offset), 0);
        }

        Length += tokens.Length;
        return row;
    }

    /// <summary>Forgets all positions from <paramref name="length"/> on.</summary>
    public void Truncate(int length) => Length = length;
}
