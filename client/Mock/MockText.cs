using System.Globalization;
using System.Text;

namespace Crescent.Client.Mock;

/// <summary>What a mock server says, and what its usage tells beside tokens.</summary>
internal static class MockText
{
    /// <summary>The text of each token.</summary>
    public const string Token = " word";

    /// <summary>The same.</summary>
    public static ReadOnlySpan<byte> Bytes => " word"u8;

    /// <summary>The text of so many tokens.</summary>
    public static string Of(int tokens) => new StringBuilder(tokens * Token.Length).Insert(0, Token, tokens).ToString();

    /// <summary>Tokens that usage tells for <paramref name="tokens"/>; null for no usage.</summary>
    public static int? Told(MockOptions options, int tokens) => options.UsageFactor > 0 ? (int)Math.Round(tokens * options.UsageFactor) : null;

    /// <summary>The energy in usage, as a property behind others; empty for none.</summary>
    public static string Energy(MockOptions options, int tokens) => options.JoulesPerToken > 0
        ? string.Create(CultureInfo.InvariantCulture, $",\"energy\":{{\"joules\":{options.JoulesPerToken * tokens:0.######},\"source\":\"model\",\"simulated\":true}}")
        : "";
}
