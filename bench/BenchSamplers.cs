using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Devices.Cpu.Threads;
using Crescent.Engine.Sampling;
using Crescent.Engine.Simd;

namespace Crescent.Bench;

/// <summary>The CPU device's sampler without its device.</summary>
internal static class BenchSamplers
{
    /// <summary>A sampler on <paramref name="team"/> in the widest vectors that the processor has.</summary>
    public static CpuSampler Create(ComputeTeam team, int vocabulary) => new(team, () => Processor.Choose(InstructionSet.Auto) switch
    {
        InstructionSet.Avx512 => new RowSampler<Lanes512>(vocabulary),
        InstructionSet.Avx2 => new RowSampler<Lanes256>(vocabulary),
        _ => new RowSampler<Lanes128>(vocabulary),
    });
}
