namespace Crescent.Engine.Devices.Simulated;

/// <summary>
/// What kernels reach of a GPU's peaks and what a step costs beside them. The same for every GPU and model; which of them are fitted, and
/// on what, stands in <c>docs/simulation.md</c>.
/// </summary>
public sealed record TimingParameters
{
    /// <summary>The calibrated values.</summary>
    public static TimingParameters Default { get; } = new();

    /// <summary>
    /// The same for runs that were published in 2026: their host needs less for each sequence of a step. Fitted on those of mixtures.
    /// </summary>
    public static TimingParameters Release2026 { get; } = new() { HostSequenceSeconds = 4.6e-6 };

    /// <summary>Share of the memory bandwidth at which weights are read.</summary>
    public double MemoryEfficiency { get; init; } = 0.785;

    /// <summary>Share of the memory bandwidth at which decode attention reads keys and values.</summary>
    public double AttentionMemoryEfficiency { get; init; } = 0.79;

    /// <summary>Share of the peak that large BF16 products reach.</summary>
    public double Bf16Efficiency { get; init; } = 0.6;

    /// <summary>Share of the peak that large FP8 products reach.</summary>
    public double Fp8Efficiency { get; init; } = 0.585;

    /// <summary>Share of the peak that large FP4 products reach.</summary>
    public double Fp4Efficiency { get; init; } = 0.41;

    /// <summary>Share of the FP8 peak, or of the BF16 peak where there is no FP8, that attention over prompts reaches.</summary>
    public double PrefillAttentionEfficiency { get; init; } = 0.47;

    /// <summary>Share of the BF16 peak that attention over prompts reaches where keys and values are BF16. Assumed, not fitted.</summary>
    public double Bf16AttentionEfficiency { get; init; } = 0.65;

    /// <summary>What heads of fewer than 128 values leave of either.</summary>
    public double SmallHeadFactor { get; init; } = 0.8;

    /// <summary>Share of the peak, by the type of the cache, that latent attention reaches in decode, where arithmetic binds it. Assumed, not fitted.</summary>
    public double LatentAttentionEfficiency { get; init; } = 0.75;

    /// <summary>Times that a token's residual values go through memory in a layer, outside the products: norms, additions, quantisation.</summary>
    public double ActivationPasses { get; init; } = 14;

    /// <summary>Times that a row of logits (F32) goes through memory while a token is drawn from it.</summary>
    public double LogitPasses { get; init; } = 11;

    /// <summary>Time of an all-reduce of nothing, s.</summary>
    public double AllReduceSeconds { get; init; } = 2.7e-6;

    /// <summary>Share of the link bandwidth that an all-reduce reaches.</summary>
    public double LinkEfficiency { get; init; } = 0.55;

    /// <summary>Time of an exchange of tokens between the GPUs of a data-parallel group, of nothing, s; two a mixture layer.</summary>
    public double AllToAllSeconds { get; init; } = 2e-5;

    /// <summary>Share of the link bandwidth that such an exchange reaches.</summary>
    public double AllToAllEfficiency { get; init; } = 0.27;

    /// <summary>Rows of the GPU whose experts are chosen most, over the mean of the group's. Assumed: what is published are sums over all experts.</summary>
    public double ExpertSkew { get; init; } = 1.05;

    /// <summary>Gaps between the kernels of a layer, s.</summary>
    public double LayerSeconds { get; init; } = 3.1e-6;

    /// <summary>The same for routing and gathering in a mixture layer, s.</summary>
    public double MixtureLayerSeconds { get; init; } = 5e-6;

    /// <summary>Gaps of a step outside the layers, s.</summary>
    public double StepSeconds { get; init; } = 0.1e-3;

    /// <summary>Share of the dense efficiency that products of experts reach with BF16 and FP8 weights.</summary>
    public double MixtureEfficiency { get; init; } = 0.45;

    /// <summary>The same with FP4 weights.</summary>
    public double Fp4MixtureEfficiency { get; init; } = 0.69;

    /// <summary>Rows to which an expert's tokens are padded.</summary>
    public double ExpertTile { get; init; } = 75;

    /// <summary>Times that what experts read and write goes through memory, beside residual values.</summary>
    public double MixtureActivationPasses { get; init; } = 1.4;

    /// <summary>Work of the host in a step, s, on an x86 server.</summary>
    public double HostStepSeconds { get; init; } = 0.76e-3;

    /// <summary>Work of the host for one sequence of a step, s.</summary>
    public double HostSequenceSeconds { get; init; } = 17.5e-6;

    /// <summary>Work of the host to launch one layer of a step that holds prefill and so cannot be replayed as a recorded graph, s.</summary>
    public double HostLayerSeconds { get; init; } = 72e-6;

    /// <summary>The same for the experts of a mixture layer, s, beside <see cref="HostLayerSeconds"/>.</summary>
    public double HostMixtureLayerSeconds { get; init; } = 400e-6;
}
