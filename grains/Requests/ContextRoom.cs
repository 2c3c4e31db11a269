using Crescent.Grains.Models;
using Crescent.Grains.Streams;

namespace Crescent.Grains.Requests;

/// <summary>Tokens that a prompt and its answer may have together: the model's context, or what the largest device holds where that is less.</summary>
/// <param name="Tokens">How many.</param>
/// <param name="Context">The model's context.</param>
public readonly record struct ContextRoom(int Tokens, int Context)
{
    /// <summary>The room that there is now; the model's context while no device is known.</summary>
    internal static ContextRoom Of(ServedModel model, IGenerationService service)
    {
        var held = service.MaxPositions(model.Name);
        return new ContextRoom(held > 0 ? Math.Min(held, model.ContextLength) : model.ContextLength, model.ContextLength);
    }

    public override string ToString() => Tokens < Context
        ? $"the largest device holds {Tokens} tokens, fewer than the model's context of {Context}"
        : $"the model's context is {Tokens} tokens";
}
