using System.Runtime.InteropServices;

namespace Crescent.Engine.Devices.Cpu.Weights;

// How many tokens a kernel takes at once is the size of a type: to the compiler a constant from the very beginning, so that it leaves out
// what is for more tokens before it looks for calls to inline, of which it takes only so many.

/// <summary>1.</summary>
[StructLayout(LayoutKind.Sequential, Size = 1)]
internal readonly struct OneToken;

/// <summary>2.</summary>
[StructLayout(LayoutKind.Sequential, Size = 2)]
internal readonly struct TwoTokens;

/// <summary>4.</summary>
[StructLayout(LayoutKind.Sequential, Size = 4)]
internal readonly struct FourTokens;

/// <summary>6.</summary>
[StructLayout(LayoutKind.Sequential, Size = 6)]
internal readonly struct SixTokens;

/// <summary>8.</summary>
[StructLayout(LayoutKind.Sequential, Size = 8)]
internal readonly struct EightTokens;
