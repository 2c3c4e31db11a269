using Crescent.Engine.Power;

namespace Crescent.Engine.Devices.Simulated;

/// <summary>
/// Time of a step on a group of one GPU model, by rooflines: kernels run one after the other, each as long as the slower of
/// its memory traffic and its arithmetic; then all-reduces and gaps; and the host, which prepares the next step meanwhile and decides when it
/// is slower than the GPUs. A layer that keeps a state reads and writes it for each sequence that decodes, and for every <c>StateChunk</c> positions of a prompt, once at least.
/// </summary>
/// <remarks>
/// A mixture reads the experts that at least one token chose: E (1 - (1 - k/E)^n) of E for n tokens, were the choice even. In a group that is parallel by data and
/// experts each GPU has sequences of its own and all weights but those of the other GPUs' experts; two exchanges a mixture layer bring tokens to the experts and back, and the GPU
/// whose experts are chosen most is waited for. Prompts are taken to be shared out evenly among its GPUs, sequences that decode as evenly as whole ones can be. Under a lower clock
/// x (share of the highest) arithmetic takes 1/x, memory traffic max(1, 0.55/x) of its time.
/// </remarks>
public sealed class StepTimeModel
{
    /// <summary>Values of a head that attention kernels are made for.</summary>
    private const int FullHead = 128;

    /// <summary>Positions of a prompt between which kernels of linear attention write the state and read it again.</summary>
    private const int StateChunk = 64;

    /// <summary>Operations a value of the state and token.</summary>
    private const int StateFlops = 8;

    /// <summary>Clock below which the memory system slows too, as a share of the highest.</summary>
    public const double MemoryKnee = 0.55;

    private readonly TimingParameters _parameters;
    private readonly double _bandwidth;
    private readonly double _attentionBandwidth;
    private readonly double _attentionFlops;
    private readonly double _commonBytes;
    private readonly double _commonSecondsPerToken;
    private readonly double _headBytes;
    private readonly double _headSecondsPerRow;
    private readonly double _logitBytes;
    private readonly int _mixtureLayers;
    private readonly double _experts;
    private readonly double _expertsUsed;
    private readonly double _expertBytes;
    private readonly double _expertSecondsPerRow;
    private readonly double _kvBytesPerLayer;
    private readonly int _globalLayers;
    private readonly int _localLayers;
    private readonly double _stateBytes;
    private readonly double _stateFlops;
    private readonly double _decodeFlopsPerPair;
    private readonly double _decodeAttentionFlops;
    private readonly int _ranks;
    private readonly double _skew;
    private readonly double _prefillFlopsPerPair;
    private readonly double _activationBytes;
    private readonly double _reduceSeconds;
    private readonly double _reduceSecondsPerToken;
    private readonly double _gaps;
    private readonly double _hostStep;
    private readonly double _hostSequence;
    private readonly double _hostLaunch;

    /// <summary>The model of <paramref name="gpus"/> GPUs as one device.</summary>
    /// <param name="gpu">The GPU.</param>
    /// <param name="shape">The model.</param>
    /// <param name="gpus">How many of them.</param>
    /// <param name="parameters">What kernels reach.</param>
    /// <param name="dataParallel">Whether they are parallel by data and experts, and not by tensors.</param>
    public StepTimeModel(GpuModel gpu, ModelShape shape, int gpus, TimingParameters? parameters = null, bool dataParallel = false)
    {
        var p = _parameters = parameters ?? TimingParameters.Default;
        var tp = dataParallel ? 1.0 : gpus;
        _ranks = dataParallel ? gpus : 1;
        _skew = dataParallel ? p.ExpertSkew : 1;
        var flops = gpu.Flops(shape.Precision) * Efficiency(gpu, shape.Precision, p);
        _bandwidth = gpu.MemoryTerabytesPerSecond * 1e12 * gpu.MemoryFactor * p.MemoryEfficiency;
        _attentionBandwidth = gpu.MemoryTerabytesPerSecond * 1e12 * gpu.MemoryFactor * p.AttentionMemoryEfficiency;
        var cache = shape.KvBytes > 1 ? WeightPrecision.BF16 : WeightPrecision.FP8;
        _attentionFlops = gpu.Flops(cache) * (shape.KvBytes > 1 ? p.Bf16AttentionEfficiency : p.PrefillAttentionEfficiency) * (shape.HeadSize < FullHead ? p.SmallHeadFactor : 1);
        _decodeAttentionFlops = shape.LatentWidth == 0 ? _attentionFlops : gpu.Flops(cache) * p.LatentAttentionEfficiency;
        var attention = shape.Layers * shape.AttentionWeights;
        var attentionPrecision = shape.AttentionPrecision ?? shape.Precision;
        _commonBytes = shape.CommonBytes(shape.Precision) / tp;
        _commonSecondsPerToken = (2 * (shape.CommonWeights - attention) / tp / flops)
            + (2 * attention / tp / (gpu.Flops(attentionPrecision) * Efficiency(gpu, attentionPrecision, p)));
        _headBytes = shape.HeadWeights * ModelShape.BytesPerWeight(WeightPrecision.BF16) / tp;
        _headSecondsPerRow = 2 * shape.HeadWeights / tp / (gpu.Flops(WeightPrecision.BF16) * p.Bf16Efficiency);
        _logitBytes = shape.Vocabulary * sizeof(float) * p.LogitPasses;
        _mixtureLayers = shape.MixtureLayers;
        _experts = shape.Experts;
        _expertsUsed = shape.ExpertsUsed;

        // Divided by rows of each expert or by whole experts, each GPU has the same part of their weights and work.
        var experts = shape.ExpertPrecision ?? shape.Precision;
        _expertBytes = shape.ExpertWeights * ModelShape.BytesPerWeight(experts) / gpus;
        _expertSecondsPerRow = 2 * shape.ExpertWeights / gpus / (ExpertFlops(gpu, shape, p) * MixtureEfficiency(gpu, experts, p));
        _kvBytesPerLayer = shape.KvBytesPerLayer((int)tp) / tp;
        _stateBytes = shape.SequenceStateBytes / tp;
        _stateFlops = StateFlops * _stateBytes / sizeof(float);
        _localLayers = shape.LocalLayers;
        _globalLayers = shape.Layers - shape.LocalLayers - shape.StateLayers;
        var heads = Math.Max(1, shape.Heads / tp);
        _prefillFlopsPerPair = heads * 2 * ((2 * shape.HeadSize) + shape.LatentRopeWidth);
        _decodeFlopsPerPair = shape.LatentWidth == 0 ? _prefillFlopsPerPair : heads * 2 * ((2 * shape.LatentWidth) + shape.LatentRopeWidth);
        _activationBytes = 2 * p.ActivationPasses
            * (((double)shape.Layers * shape.Width)
                + (p.MixtureActivationPasses * shape.MixtureLayers * shape.ExpertsUsed * (shape.Width + (shape.ExpertWidth / tp)) / 2));
        var link = gpu.LinkGigabytesPerSecond * 1e9 * p.LinkEfficiency;
        var reduces = tp > 1 ? 2 * shape.Layers : 0;
        _reduceSeconds = reduces * p.AllReduceSeconds;
        _reduceSecondsPerToken = reduces * shape.Width * 2.0 / link;
        if (dataParallel)
        {
            // There in the narrower type of the products, back in BF16, to each GPU that has one of the token's experts.
            var others = (gpus - 1) * (1 - Math.Pow(1 - (1.0 / gpus), shape.ExpertsUsed));
            var bytes = shape.Width * (Math.Max(1, ModelShape.BytesPerWeight(shape.Precision)) + 2);
            _reduceSeconds = 2 * shape.MixtureLayers * p.AllToAllSeconds;
            _reduceSecondsPerToken = shape.MixtureLayers * others * bytes / (gpu.LinkGigabytesPerSecond * 1e9 * p.AllToAllEfficiency);
        }

        _gaps = p.StepSeconds + (shape.Layers * p.LayerSeconds) + (shape.MixtureLayers * p.MixtureLayerSeconds);
        _hostStep = gpu.HostFactor * p.HostStepSeconds;
        _hostSequence = gpu.HostFactor * p.HostSequenceSeconds;
        _hostLaunch = gpu.HostFactor * ((p.HostLayerSeconds * shape.Layers) + (p.HostMixtureLayerSeconds * shape.MixtureLayers));
    }

    /// <summary>Time of a step at clock <paramref name="clock"/>, above 0 and at most 1.</summary>
    public StepTime Estimate(in StepWork work, double clock = 1)
    {
        var slowMemory = Math.Max(1, MemoryKnee / clock);
        var kernels = new KernelTime();

        // Of the GPU that has the most sequences.
        var decodes = _ranks == 1 || work.DecodeSequences == 0 ? 1 : (double)((work.DecodeSequences + _ranks - 1) / _ranks) / work.DecodeSequences;
        var prompts = 1.0 / _ranks;
        var promptTokens = work.PrefillTokens * prompts;
        var tokens = (work.DecodeSequences * decodes) + promptTokens;
        kernels.Add(_commonBytes / _bandwidth * slowMemory, tokens * _commonSecondsPerToken / clock);
        var prefill = promptTokens * _commonSecondsPerToken / clock;
        if (_mixtureLayers > 0)
        {
            var covered = _experts * (1 - Math.Pow(1 - (_expertsUsed / _experts), work.Tokens));
            var rows = (work.Tokens * _expertsUsed) + (covered * _parameters.ExpertTile / 2);
            var compute = _skew * _mixtureLayers * rows * _expertSecondsPerRow / clock;
            kernels.Add(_mixtureLayers * covered * _expertBytes / _bandwidth * slowMemory, compute);
            prefill += compute * work.PrefillTokens / work.Tokens;
        }

        if (work.LogitRows > 0)
        {
            var rows = Math.Max(work.LogitRows * prompts, work.DecodeSequences * decodes);
            kernels.Add(_headBytes / _bandwidth * slowMemory, rows * _headSecondsPerRow / clock);
            kernels.Add(rows * _logitBytes / _bandwidth * slowMemory, 0);
        }

        if (work.DecodeSequences > 0)
        {
            var positions = decodes * (((double)_globalLayers * work.DecodeContext) + ((double)_localLayers * work.DecodeLocalContext));
            kernels.Add(positions * _kvBytesPerLayer / _attentionBandwidth * slowMemory, positions * _decodeFlopsPerPair / _decodeAttentionFlops / clock);
        }

        if (work.PrefillTokens > 0)
        {
            var pairs = prompts * ((_globalLayers * work.PrefillPairs) + (_localLayers * work.PrefillLocalPairs));
            var compute = pairs * _prefillFlopsPerPair / _attentionFlops / clock;
            kernels.Add(0, compute);
            prefill += compute;
        }

        if (_stateBytes > 0)
        {
            var sequences = work.DecodeSequences * decodes;
            kernels.Add(sequences * 2 * _stateBytes / _attentionBandwidth * slowMemory, sequences * _stateFlops / _attentionFlops / clock);
            var compute = promptTokens * _stateFlops / _attentionFlops / clock;
            kernels.Add(Math.Max(work.PrefillSequences * prompts, promptTokens / StateChunk) * 2 * _stateBytes / _attentionBandwidth * slowMemory, compute);
            prefill += compute;
        }

        kernels.Add(tokens * _activationBytes / _bandwidth * slowMemory, 0);
        var device = kernels.Seconds + _reduceSeconds + (tokens * _reduceSecondsPerToken) + _gaps;
        var host = _hostStep + (((work.DecodeSequences * decodes) + (work.PrefillSequences * prompts)) * _hostSequence) + (work.PrefillTokens > 0 ? _hostLaunch : 0);
        var seconds = SmoothMax(device, host);
        return new StepTime(seconds, kernels.Compute, kernels.Memory, seconds - kernels.Seconds, Math.Min(1, prefill / kernels.Seconds));
    }

    /// <summary>
    /// What the parts of a step cost beside each other, in seconds at full clock: differences of <see cref="Estimate"/> between steps that have one part
    /// more. A mixture's pass is that of one token.
    /// </summary>
    public WorkCoefficients Coefficients()
    {
        const int Tokens = 1000;
        const int Positions = 1_000_000;
        var one = new StepWork { PrefillTokens = 1, PrefillSequences = 1 };
        var tokens = Estimate(one with { PrefillTokens = 1 + Tokens }).ComputeSeconds - Estimate(one).ComputeSeconds;
        var pairs = Estimate(one with { PrefillPairs = Positions, PrefillLocalPairs = Positions }).ComputeSeconds - Estimate(one).ComputeSeconds;
        var decode = new StepWork { DecodeSequences = 1, LogitRows = 1 };
        var pass = Estimate(decode).MemorySeconds;
        var context = Estimate(decode with { DecodeContext = Positions, DecodeLocalContext = Positions }).MemorySeconds - pass;
        return new WorkCoefficients(tokens / Tokens, pairs / Positions, pass, context / Positions);
    }

    private static double Efficiency(GpuModel gpu, WeightPrecision precision, TimingParameters p) => precision switch
    {
        WeightPrecision.FP4 when gpu.Fp4Tflops > 0 => p.Fp4Efficiency,
        WeightPrecision.FP4 or WeightPrecision.FP8 when gpu.Fp8Tflops > 0 => p.Fp8Efficiency,
        _ => p.Bf16Efficiency,
    };

    /// <summary>Rate of the experts' products: four bits are widened to BF16 where there is no unit for them, as the kernels that read them in groups do.</summary>
    private static double ExpertFlops(GpuModel gpu, ModelShape shape, TimingParameters p)
    {
        var precision = shape.ExpertPrecision ?? shape.Precision;
        precision = precision == WeightPrecision.FP4 && gpu.Fp4Tflops == 0 ? WeightPrecision.BF16 : precision;
        return gpu.Flops(precision) * Efficiency(gpu, precision, p);
    }

    private static double MixtureEfficiency(GpuModel gpu, WeightPrecision precision, TimingParameters p) =>
        precision == WeightPrecision.FP4 && gpu.Fp4Tflops > 0 ? p.Fp4MixtureEfficiency : p.MixtureEfficiency;

    /// <summary>The larger of two times that overlap, a little more where they are close: (a^4 + b^4)^(1/4).</summary>
    private static double SmoothMax(double a, double b)
    {
        double a2 = a * a, b2 = b * b;
        return Math.Sqrt(Math.Sqrt((a2 * a2) + (b2 * b2)));
    }

    private struct KernelTime
    {
        public double Seconds;
        public double Memory;
        public double Compute;

        public void Add(double memory, double compute)
        {
            Seconds += SmoothMax(memory, compute);
            Memory += memory;
            Compute += compute;
        }
    }
}
