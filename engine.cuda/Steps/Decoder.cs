using Crescent.Engine.Cuda.Compilation;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Cuda.Parallel;
using Crescent.Engine.Cuda.Weights;
using Crescent.Engine.Model.Architectures;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>The forward pass of a step: queues its kernels in order. Nothing is allocated.</summary>
internal sealed class Decoder
{
    private readonly StepTools _tools;
    private readonly ModelConfig _config;
    private readonly ModelWeights _weights;
    private readonly Kernel _gather;
    private readonly Kernel _norm;
    private readonly Kernel _addNorm;
    private readonly Kernel _argmax;
    private readonly Kernel _cap;
    private readonly HeadTurns _turns;
    private readonly AttentionLayers? _attentions;
    private readonly LatentLayers? _latents;
    private readonly FeedForwardLayers? _feedForwards;
    private readonly MixtureLayers? _mixtures;
    private readonly StateLayers? _states;
    private readonly PerLayerInputs? _perLayer;
    private readonly SectionStep[] _sections;
    private readonly Sum[] _sums; // of what each GPU computes a part of
    private readonly DeviceBuffer _residual; // (width, tokens)
    private readonly DeviceBuffer _normed; // halves (padded width, tokens)
    private readonly DeviceBuffer? _branch; // (width, tokens): what a norm is behind
    private readonly DeviceBuffer? _section; // the same of a branch's sections
    private readonly DeviceBuffer? _routed; // halves (padded width, tokens): what routers read that have a norm of their own
    private readonly DeviceBuffer _headRows; // halves (padded width, rows of logits)

    /// <param name="tools">Of the step.</param>
    /// <param name="weights">In device memory.</param>
    /// <param name="kv">The cache.</param>
    /// <param name="shares">What attentions look at in it.</param>
    /// <param name="partialRows">Rows of partial attention.</param>
    /// <param name="states">Where layers keep states; null where none does.</param>
    public Decoder(StepTools tools, ModelWeights weights, KvPool kv, KvShares shares, int partialRows, StatePool? states)
    {
        _tools = tools;
        _config = tools.Config;
        _weights = weights;
        _gather = tools.Kernels.Get("repack.cu", "gather_rows");
        _norm = tools.Kernels.Get("layers.cu", "rms_norm");
        _addNorm = tools.Kernels.Get("layers.cu", "add_norm");
        _argmax = tools.Kernels.Get("layers.cu", "argmax");
        _cap = tools.Kernels.Get("layers.cu", "cap_logits");
        _residual = tools.Allocate(4L * _config.Width);
        _normed = tools.Allocate(2L * StepTools.Padded(_config.Width));
        _branch = weights.Branches.Any(static branch => branch.PostNorm is not null) ? tools.Allocate(4L * _config.Width) : null;
        _section = weights.Branches.Any(static branch => branch.Sections.Any(static section => section.PostNorm is not null)) ? tools.Allocate(4L * _config.Width) : null;
        _routed = weights.Parts.OfType<ExpertWeights>().Any(static experts => experts.RouterNorm is not null) ? tools.Allocate(2L * StepTools.Padded(_config.Width)) : null;
        _perLayer = weights.PerLayer is { } perLayer ? new PerLayerInputs(tools, perLayer) : null;
        _turns = new HeadTurns(tools, weights.Ropes);
        _attentions = weights.Parts.OfType<AttentionWeights>().ToArray() is { Length: > 0 } attentions ? new AttentionLayers(tools, attentions, _turns, kv, shares, partialRows) : null;
        _latents = weights.Parts.OfType<LatentAttentionWeights>().ToArray() is { Length: > 0 } latents ? new LatentLayers(tools, latents, _turns, kv, shares, partialRows) : null;
        _feedForwards = weights.Parts.OfType<FeedForwardWeights>().ToArray() is { Length: > 0 } dense ? new FeedForwardLayers(tools, dense) : null;
        _mixtures = weights.Parts.OfType<ExpertWeights>().ToArray() is { Length: > 0 } experts ? new MixtureLayers(tools, experts) : null;
        _states = states is null ? null : new StateLayers(tools, [.. weights.Parts.OfType<StateWeights>()], states);
        _sections = SectionStep.Of(weights.Branches, _residual, _branch, _section);
        _sums = [.. Enumerable.Range(0, _sections.Length).SelectMany(SumsOf)];
        _headRows = tools.AllocateBytes(2L * StepTools.Rounded(tools.MaxLogitRows, MatrixProducts.RowGroup) * StepTools.Padded(_config.Width));
        Logits = tools.AllocateBytes(4L * tools.MaxLogitRows * _config.VocabularySize, "logits");
        HiddenStates = tools.AllocateBytes(4L * tools.MaxHiddenStates * _config.Width);
        Likeliest = tools.AllocateBytes(8L * tools.MaxLogitRows);
    }

    /// <summary>(vocabulary, rows).</summary>
    public DeviceBuffer Logits { get; }

    /// <summary>(width, rows).</summary>
    public DeviceBuffer HiddenStates { get; }

    /// <summary>(2, rows): the token of the largest logit, an int, and that logit, a float.</summary>
    public DeviceBuffer Likeliest { get; }

    /// <summary>Where what this GPU computes is added up with what the device's others do; null where it has one.</summary>
    public PeerSums? Sums { get; init; }

    /// <summary>What tokens are joined with; null for a whole model.</summary>
    public HiddenInputs? Inputs { get; init; }

    /// <summary>(width, tokens): what branches are added to.</summary>
    public DeviceBuffer Residual => _residual;

    /// <summary>Sums of all GPUs' parts in a step: one for each section of a branch, and one for a norm within it of which several GPUs have parts; none where the device has one GPU.</summary>
    public int SumCount => Sums is null ? 0 : _sums.Length;

    /// <summary>Queues what comes before the first of <see cref="SumCount"/> sums of a plan that has been checked against the device's limits and laid out: all layers where there is none.</summary>
    public void Begin(int tokens)
    {
        var w = _weights.Embedding;
        _gather.With(w.Pointer).With((int)w.Format).With(w.Steps).With(w.Columns).With(_tools.Layout.Tokens).With(Likeliest.Pointer).With(_residual.Pointer).With(_config.Width)
            .With(_weights.EmbeddingScale).Launch(tokens, 1, 128);
        Inputs?.Run(_residual.Pointer, tokens);
        _perLayer?.Begin(_residual.Pointer, Likeliest.Pointer, tokens);
        _turns.Begin(tokens);
        _attentions?.Begin(tokens);
        _latents?.Begin(tokens);
        RunWhole(0, tokens);
    }

    /// <summary>Queues this GPU's part of a sum, for <see cref="Join"/>.</summary>
    /// <returns>Floats of the sum.</returns>
    public int Part(int sum, int tokens)
    {
        var (step, norm) = (_sections[_sums[sum].Section], _sums[sum].Norm);
        if (norm is not null)
        {
            Normalise(tokens, default, step.Section.Norm!, _normed, default, step.Bias);
            _states!.Begin(norm, _normed.Pointer, tokens, Sums!.Part.Pointer);
            return tokens * StateLayers.TotalsOf(norm.Shape);
        }

        Run(step, tokens, new PartTarget(Sums!.Part.Pointer, false, step.Sum.Scale));
        return tokens * _config.Width;
    }

    /// <summary>Queues the sum of all GPUs' parts, and what follows up to the next of them.</summary>
    public void Join(int sum, int tokens)
    {
        var (section, norm) = _sums[sum];
        if (norm is not null)
        {
            Sums!.AddTo(_states!.Totals.Pointer, tokens * StateLayers.TotalsOf(norm.Shape), accumulate: false);
            return;
        }

        var step = _sections[section];
        Sums!.AddTo(step.Sum.Pointer, tokens * _config.Width, step.Sum.Adds);
        Finish(step, tokens);
        RunWhole(section + 1, tokens);
    }

    /// <summary>Queues what comes behind the layers.</summary>
    /// <param name="rows">Rows of logits.</param>
    /// <param name="hiddenRows">Hidden states.</param>
    public void End(int rows, int hiddenRows)
    {
        var none = default(CUdeviceptr);
        if (hiddenRows > 0)
        {
            Normalise(hiddenRows, _tools.Layout.HiddenTokens, _weights.OutputNorm, _normed, HiddenStates.Pointer);
        }

        if (rows > 0 && _tools.Has(StepParts.Head))
        {
            Normalise(rows, _tools.Layout.LogitTokens, _weights.OutputNorm, _headRows, none);
            _tools.Products.Multiply(_weights.Output, _headRows.Pointer, rows, Logits.Pointer, _config.VocabularySize, _weights.LogitScale);
            if (_weights.LogitCap > 0)
            {
                _cap.With(Logits.Pointer).With(_config.VocabularySize).With(_weights.LogitCap).Launch((_config.VocabularySize + 255) / 256, rows, 256);
            }

            _argmax.With(Logits.Pointer).With(Likeliest.Pointer).With(_config.VocabularySize).Launch(rows, 1, 1024);
        }
    }

    // Sections that this GPU computes alone, from one on up to the next that it does not.
    private void RunWhole(int first, int tokens)
    {
        for (var i = first; i < _sections.Length && (Sums is null || !_sections[i].Section.IsDivided); i++)
        {
            Run(_sections[i], tokens, _sections[i].Sum);
            Finish(_sections[i], tokens);
        }
    }

    private void Run(SectionStep step, int tokens, PartTarget target)
    {
        if (step.Section.Norm is { } norm && step.Section.SharedNorm is null)
        {
            Normalise(tokens, default, norm, _normed, default, step.Bias);
        }

        for (var i = 0; i < step.Section.Parts.Count; i++)
        {
            Run(step.Section.Parts[i], tokens, target with { Adds = target.Adds || i > 0 });
        }
    }

    // The norms behind a section's sum, and behind that of the branch which it ends.
    private void Finish(SectionStep step, int tokens)
    {
        if (step.Section.PostNorm is { } gain)
        {
            AddNormalised(_section!, gain, tokens, step.Total.Pointer, step.Total.Adds, 1);
        }

        if (step.EndOf is { PostNorm: { } last } branch)
        {
            AddNormalised(_branch!, last, tokens, _residual.Pointer, adds: true, branch.StreamScale);
        }
    }

    // Sums of a section: none where each GPU computes all of it.
    private IEnumerable<Sum> SumsOf(int section)
    {
        if (_sections[section].Section.SharedNorm is { } norm)
        {
            yield return new Sum(section, norm);
        }

        if (_sections[section].Section.IsDivided)
        {
            yield return new Sum(section, null);
        }
    }

    private void AddNormalised(DeviceBuffer rows, DeviceBuffer gain, int tokens, CUdeviceptr target, bool adds, float factor)
    {
        if (_tools.Has(StepParts.Products))
        {
            _addNorm.With(rows.Pointer).With(gain.Pointer).With(target).With(_config.Width).With(_config.NormEpsilon).With(adds ? 1 : 0).With(factor).Launch(tokens, 1, _tools.NormThreads);
        }
    }

    private void Run(PartWeights part, int tokens, PartTarget target)
    {
        switch (part)
        {
            case AttentionWeights attention:
                _attentions!.Run(attention, _normed.Pointer, tokens, target);
                break;
            case LatentAttentionWeights latent:
                _latents!.Run(latent, _normed.Pointer, tokens, target);
                break;
            case FeedForwardWeights dense:
                _feedForwards!.Run(dense, _normed.Pointer, tokens, target);
                break;
            case ExpertWeights experts when _tools.Has(StepParts.Products):
                if (experts.RouterNorm is { } norm)
                {
                    Normalise(tokens, default, norm, _routed!, default);
                }

                _mixtures!.Run(experts, _normed.Pointer, experts.RouterNorm is null ? _normed.Pointer : _routed!.Pointer, tokens, target);
                break;
            case PerLayerPartWeights told:
                _perLayer!.Run(told, _residual.Pointer, tokens, target);
                break;
            case StateWeights state:
                _states!.Run(state, _normed.Pointer, tokens, target);
                break;
            default:
                break;
        }
    }

    // The bias is one that the rows still lack.
    private void Normalise(int rows, CUdeviceptr tokens, DeviceBuffer gain, DeviceBuffer output, CUdeviceptr floats, DeviceBuffer? bias = null)
    {
        if (!_tools.Has(StepParts.Norms))
        {
            return;
        }

        _norm.With(_residual.Pointer).With(tokens).With(gain.Pointer).With(bias?.Pointer ?? default).With(output.Pointer).With(floats).With(_config.Width)
            .With(StepTools.Padded(_config.Width)).With(_config.NormEpsilon).Launch(rows, 1, _tools.NormThreads);
    }

    // Norm: the operator up to whose norm the sum goes, whose squares are added up; null for the section itself, or the rest of it.
    private readonly record struct Sum(int Section, StateWeights? Norm);
}
