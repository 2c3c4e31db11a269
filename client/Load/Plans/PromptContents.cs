namespace Crescent.Client.Load.Plans;

/// <summary>Where the contents of prompts' parts lie, so that one kind is never another by chance; below all are those of single prompts and conversations.</summary>
internal static class PromptContents
{
    /// <summary>Blocks that a trace tells, by their numbers of 32 bits; rounds of a trace have 28 bits above.</summary>
    public const ulong Blocks = 1UL << 60;

    /// <summary>What is one call's alone, by its number.</summary>
    public const ulong Own = 2UL << 60;

    /// <summary>What stands for the answer of a call in prompts after it, by the call's number.</summary>
    public const ulong Answers = 3UL << 60;

    /// <summary>What groups of prompts begin with, by the group's number.</summary>
    public const ulong Shared = 4UL << 60;
}
