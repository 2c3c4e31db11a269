using System.Runtime.InteropServices;

namespace Crescent.Control.Kv;

/// <summary>A set of <see cref="SlotSets"/>; <c>default</c> is the empty one. 12 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal struct SlotSet
{
    /// <summary>The keys of all members, each in <see cref="SlotKeys"/>, under exclusive or: two sets are the same when their sums are.</summary>
    public ulong Sum;

    /// <summary>Where the members are; 0 for none.</summary>
    public uint Handle;

    /// <summary>True when it has no member.</summary>
    public readonly bool IsEmpty => Handle == 0;
}
