using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace Crescent.Engine.Cuda.Compilation;

/// <summary>The kernels' sources, which the assembly carries.</summary>
internal static class KernelSources
{
    /// <summary>Names and texts of what the sources include, in one order.</summary>
    public static IReadOnlyList<(string Name, string Text)> Headers { get; } =
        [.. Assembly.GetManifestResourceNames().Where(static name => name.EndsWith(".cuh", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(static name => (name, Read(name)))];

    private static Assembly Assembly => typeof(KernelSources).Assembly;

    /// <summary>Text of a source such as <c>layers.cu</c>.</summary>
    public static string Read(string name)
    {
        using var stream = Assembly.GetManifestResourceStream(name) ?? throw new ArgumentException($"There is no kernel source {name}.", nameof(name));
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    /// <summary>What the code of a source depends on, as 64 hexadecimal digits.</summary>
    /// <param name="name">The source.</param>
    /// <param name="target">What it is compiled for.</param>
    public static string Hash(string name, string target)
    {
        var text = new StringBuilder(target).Append('\0').Append(Read(name));
        foreach (var header in Headers)
        {
            text.Append('\0').Append(header.Name).Append('\0').Append(header.Text);
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
