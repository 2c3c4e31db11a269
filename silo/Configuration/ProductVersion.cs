using System.Reflection;

namespace Crescent.Silo.Configuration;

/// <summary>The version of this build.</summary>
internal static class ProductVersion
{
    public static readonly string Number =
        typeof(ProductVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0";

    /// <summary>OpenAI's <c>system_fingerprint</c>: the same seed may give other tokens under another.</summary>
    public static readonly string Fingerprint = $"crescent-{Number}";
}
