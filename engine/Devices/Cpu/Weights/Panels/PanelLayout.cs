using System.Runtime.CompilerServices;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels;

/// <summary>Offsets that follow from a panel's format.</summary>
internal static class PanelLayout<TFormat>
    where TFormat : IPanelFormat
{
    /// <summary>Bytes of a group of 16 rows.</summary>
    public static int GroupBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => WeightMatrix.PanelRows * TFormat.RowBytes;
    }

    /// <summary>Where the scales of a block are.</summary>
    public static int Scales
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.Groups * GroupBytes;
    }

    /// <summary>Where the minima of a block are.</summary>
    public static int Minima
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Scales + (WeightMatrix.PanelRows * sizeof(ushort));
    }

    /// <summary>Bytes of a block.</summary>
    public static int BlockBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.HasMinimum ? Minima + (WeightMatrix.PanelRows * sizeof(ushort)) : Minima;
    }

    /// <summary>Bytes of a block of activations.</summary>
    public static int ActivationBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ActivationScale + 8;
    }

    /// <summary>Where the scale of a block of activations is; its sum follows.</summary>
    public static int ActivationScale
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.Activations == ActivationFormat.Words ? 2 * ActivationRows.Block : ActivationRows.Block;
    }
}
