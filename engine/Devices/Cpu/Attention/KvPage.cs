namespace Crescent.Engine.Devices.Cpu.Attention;

/// <summary>Keys or values of one head and layer in a KV block of the CPU device, for whose kernels they are laid out.</summary>
internal static class KvPage
{
    /// <summary>Positions in it: as many as the widest vector has floats, so that the scores of a page are whole vectors whatever the processor.</summary>
    public const int Slots = 16;
}
