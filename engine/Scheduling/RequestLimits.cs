using Crescent.Engine.Devices;
using Crescent.Engine.Sampling;

namespace Crescent.Engine.Scheduling;

/// <summary>What a request must be for a device to run it at all, however long it waits.</summary>
/// <param name="device">The device.</param>
/// <param name="blocks">KV blocks that the engine has there.</param>
/// <param name="model">Name of the engine's model.</param>
internal sealed class RequestLimits(DeviceInfo device, int blocks, string model)
{
    private readonly long _room = Math.Min(device.MaxContext, KvDemand.Of(device).SpansIn(blocks) * device.BlockSize);

    /// <summary>Refuses what can never run.</summary>
    /// <exception cref="RequestRefusedException">The message names what is wrong and the limit.</exception>
    public void Check(InferenceRequest request)
    {
        if (request.Prompt.Length == 0 || (request.MaxTokens < 1 && !request.WantsEmbedding))
        {
            throw new RequestRefusedException(RefusalReason.Invalid, "A request needs at least one prompt token and MaxTokens of at least 1.");
        }

        if (request.WantsEmbedding)
        {
            EmbeddingPool.Validate(request, device);
        }

        CheckModel(request);
        foreach (var token in request.Prompt)
        {
            if ((uint)token >= (uint)device.VocabularySize)
            {
                throw new RequestRefusedException(
                    RefusalReason.Invalid, $"Prompt token {token} is outside the vocabulary of {device.VocabularySize} tokens.");
            }
        }

        if (request.DraftTokens is < 0 or > Speculation.MaxTokens)
        {
            throw new RequestRefusedException(RefusalReason.Invalid, $"DraftTokens is {request.DraftTokens}; 0 to {Speculation.MaxTokens} can be asked for, or null for what the engine does by itself.");
        }

        CheckSampling(request.Sampling);

        // The last token is only put out, never computed, so it needs no position.
        var positions = request.WantsEmbedding ? request.Prompt.Length : (long)request.Prompt.Length + request.MaxTokens - 1;
        if (positions > _room)
        {
            throw new RequestRefusedException(
                RefusalReason.TooLong,
                $"{request.Prompt.Length} prompt tokens and {request.MaxTokens} output tokens exceed the {_room} positions of device {device.Name}.");
        }
    }

    private void CheckModel(InferenceRequest request)
    {
        if (request.Model is { } wanted && wanted != model)
        {
            throw new RequestRefusedException(RefusalReason.Invalid, $"Device {device.Name} runs {model}; the request is for {wanted}.");
        }

        if (request.Adapter is { } adapter)
        {
            throw new RequestRefusedException(RefusalReason.Invalid, $"Device {device.Name} has no adapter {adapter}; leave it out for {model} as it is.");
        }
    }

    // What samples, on a device or on its threads, takes these for granted.
    private void CheckSampling(SamplingParameters sampling)
    {
        if (sampling.TopLogprobs is < 0 or > SamplingParameters.MaxTopLogprobs)
        {
            throw new RequestRefusedException(
                RefusalReason.Invalid, $"TopLogprobs is {sampling.TopLogprobs}; 0 to {SamplingParameters.MaxTopLogprobs} can be asked for.");
        }

        foreach (var token in sampling.LogitBias.Keys)
        {
            if ((uint)token >= (uint)device.VocabularySize)
            {
                throw new RequestRefusedException(
                    RefusalReason.Invalid, $"LogitBias names token {token}; the vocabulary has {device.VocabularySize} tokens, from 0.");
            }
        }
    }
}
