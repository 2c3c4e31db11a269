using System.Text.RegularExpressions;

namespace Crescent.Grains.Contracts.Hub;

/// <summary>
/// A model on the Hugging Face Hub: <c>hf:ORG/REPO</c>, or <c>hf:ORG/REPO:QUANT</c> for one of its files by quantisation, such as
/// <c>hf:bartowski/SmolLM2-135M-Instruct-GGUF:Q4_K_M</c>; <c>@REVISION</c> behind either for another state than that of the main branch.
/// </summary>
/// <param name="Owner">User or organisation.</param>
/// <param name="Repository">Repository of that owner.</param>
/// <param name="Quantisation">What the file is called by beside the model's name; null for the usual one.</param>
/// <param name="Revision">A branch, a tag or a commit; null for <see cref="Main"/>.</param>
public sealed partial record HubReference(string Owner, string Repository, string? Quantisation, string? Revision = null)
{
    /// <summary>What such a reference begins with.</summary>
    public const string Scheme = "hf:";

    /// <summary>The branch that is meant where none is said.</summary>
    public const string Main = "main";

    /// <summary><c>ORG/REPO</c>.</summary>
    public string Path => $"{Owner}/{Repository}";

    /// <summary>Whether <paramref name="text"/> is meant as one.</summary>
    public static bool IsMeant(string text) => text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads a reference; the scheme may be left out.</summary>
    /// <exception cref="HubException">It is none.</exception>
    public static HubReference Parse(string text)
    {
        var match = Form().Match(text);
        return match.Success && !text.Contains("..", StringComparison.Ordinal)
            ? new HubReference(match.Groups["owner"].Value, match.Groups["repository"].Value, match.Groups["quant"] is { Success: true } quant ? quant.Value : null, match.Groups["revision"] is { Success: true } revision ? revision.Value : null)
            : throw new HubException($"'{text}' names no model of the hub", $"Write {Scheme}ORG/REPO or {Scheme}ORG/REPO:QUANT, with @REVISION behind it for a branch, a tag or a commit, such as {Scheme}bartowski/SmolLM2-135M-Instruct-GGUF:Q4_K_M.");
    }

    public override string ToString() => $"{Scheme}{Path}{(Quantisation is null ? "" : ":" + Quantisation)}{(Revision is null ? "" : "@" + Revision)}";

    [GeneratedRegex("^(?:[hH][fF]:)?(?<owner>[A-Za-z0-9][A-Za-z0-9._-]{0,95})/(?<repository>[A-Za-z0-9][A-Za-z0-9._-]{0,95})(?::(?<quant>[A-Za-z0-9][A-Za-z0-9._-]{0,199}))?(?:@(?<revision>[A-Za-z0-9][A-Za-z0-9._/-]{0,199}))?$", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
