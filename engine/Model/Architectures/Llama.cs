namespace Crescent.Engine.Model.Architectures;

/// <summary>Llama and all that share its layers (SmolLM2, Mistral, TinyLlama): plain attention, neighbours rotated.</summary>
internal sealed class Llama : Architecture
{
    public override string Name => "llama";

    public override RopeLayout RopeLayout => RopeLayout.Interleaved;
}
