using Crescent.Tests.Structure.High;

namespace Crescent.Tests.Structure.Low;

/// <summary>Uses a type of another folder inside a lambda only: the least that a check of folders must see.</summary>
internal static class Caller
{
    public static Func<int> Ask() => () => new Called().Answer;
}
