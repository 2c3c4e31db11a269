using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Model;
using Crescent.Engine.Power;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Engine.Scheduling;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>A model on the CPU device, or another, on which tests run engines of their own one after the other. It has one thread unless asked for more; tests of the device have several.</summary>
internal sealed class RealModel : IDisposable
{
    private readonly LanguageModel _model;
    private readonly IDevice _device;
    private readonly Lazy<TokenVocabulary> _vocabulary;

    public RealModel(string path, int blocks, int threads = 1)
        : this(path, model => new CpuDevice(model.Graph, new CpuDeviceOptions { Threads = threads, KvBlocks = blocks }))
    {
    }

    /// <summary>A model on another device.</summary>
    public RealModel(string path, Func<LanguageModel, IDevice> open)
    {
        _model = LanguageModel.Open(path);
        _device = open(_model);
        _vocabulary = new Lazy<TokenVocabulary>(() => new TokenVocabulary(_model.Tokenizer));
    }

    /// <summary>The embedded model.</summary>
    public const string Tiny = "crescent-tiny";

    /// <summary>A model beside the checkout.</summary>
    public const string SmolLM2 = "SmolLM2-135M-Instruct";

    /// <summary>Opens one of the two; skips the test when the latter is not there.</summary>
    public static RealModel Open(string name, int blocks, int threads = 1) =>
        new(name == Tiny ? TestFiles.TinyModel : TestFiles.Shared("smollm2-135m-instruct", "SmolLM2-135M-Instruct.Q4_1.gguf"), blocks, threads);

    public int[] Encode(string text) => _model.Tokenizer.Encode(text, parseSpecial: false);

    public CountingDevice Device(int? blocks = null) => new(_device, blocks ?? _device.Info.BlockCount);

    public InferenceEngine Engine(CountingDevice device, IEngineSink sink, EngineOptions? options = null, IDevice? draft = null) =>
        new(device, _model.Tokenizer, _model.Name, sink, new CpuPowerModel(1), options, draft: draft is null ? null : new DraftModel(draft, "draft"));

    /// <summary>A device of its own with the same model and as many blocks on the threads of this one, for which it may guess; to be disposed before it.</summary>
    public CpuDevice Draft(int? blocks = null) =>
        new(_model.Graph, new CpuDeviceOptions { Threads = 1, KvBlocks = blocks ?? _device.Info.BlockCount }, _device as CpuDevice);

    /// <summary>The model's own head for multi-token prediction on the threads of its device; to be disposed before it.</summary>
    public CpuDevice Head() => new(_model.Graph.Head!, new CpuDeviceOptions { Threads = 1, KvBlocks = _device.Info.BlockCount }, (CpuDevice)_device);

    public Grammar Compile(GrammarSource source) => Grammar.Compile(source, _vocabulary.Value);

    public void Dispose()
    {
        _device.Dispose();
        _model.Dispose();
    }
}
