using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Model;
using Crescent.Engine.Scheduling;

namespace Crescent.Tests.Grains;

/// <summary>A cluster of the embedded model whose silos use different instructions, as if their processors differed.</summary>
public sealed class MixedProcessorCluster : FactoryCluster
{
    private static readonly InstructionSet[] Sets =
        [InstructionSet.Vector128, .. new[] { InstructionSet.Avx512Vnni, InstructionSet.Avx2Vnni, InstructionSet.Avx2 }.Where(Processor.CanRun)];

    private readonly LanguageModel _model = LanguageModel.Open(TestFiles.TinyModel);
    private int _made;

    /// <summary>Of the model.</summary>
    public int[] Encode(string text) => _model.Tokenizer.Encode(text, parseSpecial: true, addSpecial: true);

    // The name that the cluster expects of each device.
    private protected override TestEngine Create(string silo, IEngineSink sink)
    {
        var options = new CpuDeviceOptions
        {
            Name = "history",
            Threads = 1,
            InstructionSet = Sets[(Interlocked.Increment(ref _made) - 1) % Sets.Length],
            KvBlocks = 64,
        };
        return new TestEngine(sink, new CpuDevice(_model.Graph, options), _model.Tokenizer);
    }
}
