using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Crescent.Engine.Devices.Cpu.Threads;
using Crescent.Engine.Sampling;

namespace Crescent.Engine.Devices.Cpu;

/// <summary>Draws tokens on the compute team: whoever is free takes the next row.</summary>
internal sealed unsafe class CpuSampler : IDeviceSampler, ITeamWork
{
    private readonly ComputeTeam _team;
    private readonly IRowSampler[] _samplers;
    private SamplingBatch? _batch;
    private float* _logits;
    private int _taken;

    /// <summary>A sampler for each thread of <paramref name="team"/>.</summary>
    public CpuSampler(ComputeTeam team, Func<IRowSampler> create)
    {
        _team = team;
        _samplers = new IRowSampler[team.Count];
        for (var i = 0; i < _samplers.Length; i++)
        {
            _samplers[i] = create();
        }
    }

    /// <summary>Says where the rows of the last step are: memory that does not move.</summary>
    public void Begin(Span<float> logits) => _logits = (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(logits));

    /// <summary>The first <paramref name="count"/> of those logits.</summary>
    public Span<float> Logits(int count) => new(_logits, count);

    /// <inheritdoc/>
    public void Sample(SamplingBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        _batch = batch;
        _taken = 0;
        if (batch.Rows.Length > 1)
        {
            _team.Run(this);
        }
        else
        {
            Run(0);
        }

        _batch = null;
    }

    public void Run(int thread)
    {
        var batch = _batch!;
        for (int i; (i = Interlocked.Increment(ref _taken) - 1) < batch.Rows.Length;)
        {
            var row = batch.Rows[i];
            var logits = new Span<float>(_logits + ((long)row.LogitsRow * batch.VocabularySize), batch.VocabularySize);
            try
            {
                _samplers[thread].Sample(logits, batch, row);
            }
            catch (Exception fault)
            {
                // What one row asks for is wrong: the others are drawn all the same.
                row.Fail(fault);
            }
        }
    }
}
