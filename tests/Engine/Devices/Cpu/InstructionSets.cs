using Crescent.Engine.Devices.Cpu;

namespace Crescent.Tests.Engine.Devices.Cpu;

/// <summary>The instruction sets that this machine can be made to use.</summary>
internal static class InstructionSets
{
    /// <summary>Skips the running test where the processor lacks <paramref name="instructions"/>.</summary>
    public static void Require(InstructionSet instructions)
        => Assert.SkipUnless(Processor.Supports(instructions), $"the processor has no {Processor.Describe(instructions)}");
}
