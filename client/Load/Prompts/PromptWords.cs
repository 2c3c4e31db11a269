using System.Text;

namespace Crescent.Client.Load.Prompts;

/// <summary>The words that prompts are made of: common English ones, most of them a token or two in any tokenizer. Each with a space before it.</summary>
internal static class PromptWords
{
    private const string List = """
        the of and to in is you that it he was for on are as with his they at be this have from or one had by word but not what all were we when your can said there
        use an each which she do how their if will up other about out many then them these so some her would make like him into time has look two more write go see
        number no way could people my than first water been call who oil its now find long down day did get come made may part over new sound take only little work
        know place year live me back give most very after thing our just name good sentence man think say great where help through much before line right too mean
        old any same tell boy follow came want show also around form three small set put end does another well large must big even such because turn here why ask
        went men read need land different home us move try kind hand picture again change off play spell air away animal house point page letter mother answer found
        study still learn should world high every near add food between own below country plant last school father keep tree never start city earth eye light thought
        head under story saw left few while along might close something seem next hard open example begin life always those both paper together got group often run
        """;

    private static readonly byte[][] Words =
        [.. List.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries).Take(256).Select(static word => Encoding.ASCII.GetBytes(" " + word))];

    /// <summary>How many there are.</summary>
    public static int Count => Words.Length;

    /// <summary>The longest, in bytes, its space included.</summary>
    public static int Longest { get; } = Words.Max(static word => word.Length);

    /// <summary>A word by its number.</summary>
    public static ReadOnlySpan<byte> At(int number) => Words[number];
}
