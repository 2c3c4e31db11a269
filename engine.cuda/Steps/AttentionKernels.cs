using Crescent.Engine.Cuda.Compilation;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>The kernels of attention for heads of one padded size: see <c>attention.cu</c> and, for wide heads and latents, <c>attention_wide.cu</c>.</summary>
/// <param name="Attend">For prompts.</param>
/// <param name="Parts">For few tokens.</param>
/// <param name="Decode">For one token a sequence, with its rotation, its key and its value; null for heads too wide for it.</param>
internal sealed record AttentionKernels(Kernel Attend, Kernel Parts, Kernel? Decode)
{
    /// <summary>Works that a block of <see cref="Attend"/> takes: one a warp, but of wide heads one in all.</summary>
    public int WorksOfBlock => Decode is null ? 1 : 4;

    /// <summary>Those for a padded size, or for latents.</summary>
    public static AttentionKernels Of(KernelLibrary kernels, int padded, bool latent)
    {
        if (latent || padded == KvPool.MostHead)
        {
            const string Wide = "attention_wide.cu";
            var form = latent ? "latent" : $"{padded}";
            return new AttentionKernels(kernels.Get(Wide, $"wide_attend_{form}"), kernels.Get(Wide, $"wide_attend_parts_{form}"), null);
        }

        const string File = "attention.cu";
        return new AttentionKernels(kernels.Get(File, $"attend_{padded}"), kernels.Get(File, $"attend_parts_{padded}"), kernels.Get(File, $"attend_decode_{padded}"));
    }
}
