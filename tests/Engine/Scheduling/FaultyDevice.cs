using Crescent.Engine.Devices;
using Crescent.Engine.Sampling;
using Crescent.Engine.Simd;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>Another device, which throws when it is asked to; its sampler fails a row alone, its copies before anything is copied.</summary>
internal sealed class FaultyDevice(IDevice device, Func<bool> failsStep, Func<bool> failsRow, Func<bool>? failsCopy = null) : IDevice, IDeviceSampler
{
    private readonly RowSampler<Lanes128> _rows = new(device.Info.VocabularySize);
    private float[] _logits = [];
    private int _rowCount;

    public DeviceInfo Info => device.Info;

    public IDeviceSampler Sampler => this;

    public void Begin(StepPlan plan)
    {
        MayFail(failsStep);
        _rowCount = plan.LogitsRowCount;
        device.Begin(plan);
    }

    public StepResult End()
    {
        MayFail(failsStep);
        var result = device.End();
        var size = Info.VocabularySize;
        if (_logits.Length < _rowCount * size)
        {
            _logits = new float[_rowCount * size];
        }

        for (var row = 0; row < _rowCount; row++)
        {
            result.Logits(row).CopyTo(_logits.AsSpan(row * size));
        }

        return result;
    }

    public void Sample(SamplingBatch batch)
    {
        foreach (var row in batch.Rows)
        {
            if (failsRow())
            {
                row.Fail(new InvalidOperationException("this row cannot be drawn"));
            }
            else
            {
                _rows.Sample(_logits.AsSpan(row.LogitsRow * Info.VocabularySize, Info.VocabularySize), batch, row);
            }
        }
    }

    private static void MayFail(Func<bool>? fails)
    {
        if (fails?.Invoke() == true)
        {
            throw new InvalidOperationException("the device fell off the bus");
        }
    }

    public void CopyBlock(int from, int to)
    {
        MayFail(failsCopy);
        device.CopyBlock(from, to);
    }

    public void ReadBlock(int block, Span<byte> destination)
    {
        MayFail(failsCopy);
        device.ReadBlock(block, destination);
    }

    public void WriteBlock(int block, ReadOnlySpan<byte> source)
    {
        MayFail(failsCopy);
        device.WriteBlock(block, source);
    }

    public void CopyState(int from, int to)
    {
        MayFail(failsCopy);
        device.CopyState(from, to);
    }

    public void ReadState(int state, long offset, Span<byte> destination)
    {
        MayFail(failsCopy);
        device.ReadState(state, offset, destination);
    }

    public void WriteState(int state, long offset, ReadOnlySpan<byte> source)
    {
        MayFail(failsCopy);
        device.WriteState(state, offset, source);
    }

    public void Dispose() => device.Dispose();
}
