using Crescent.Engine.Devices.Cpu;

namespace Crescent.Tests.Engine.Devices.Cpu;

/// <summary>
/// The instruction sets that this machine can be made to use; dot products of bytes, where it has none, are made of other instructions.
/// </summary>
internal static class InstructionSets
{
    /// <summary>All but <see cref="InstructionSet.Auto"/>.</summary>
    public static IEnumerable<InstructionSet> All => Enum.GetValues<InstructionSet>().Where(static set => set != InstructionSet.Auto);

    /// <summary>Skips the running test where the processor lacks the vectors of <paramref name="instructions"/>.</summary>
    public static void Require(InstructionSet instructions)
        => Assert.SkipUnless(Processor.CanRun(instructions), $"the processor has no {Processor.Describe(instructions)}");
}
