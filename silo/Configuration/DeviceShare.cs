using System.Globalization;

namespace Crescent.Silo.Configuration;

/// <summary>Which of the cluster's simulated devices, or of a machine's GPUs, a silo owns: every <paramref name="Of"/>th, from <paramref name="Index"/> on.</summary>
/// <param name="Index">0 to <paramref name="Of"/> less 1.</param>
/// <param name="Of">Device silos; 1 and up.</param>
public readonly record struct DeviceShare(int Index, int Of)
{
    /// <summary>All devices.</summary>
    public static readonly DeviceShare All = new(0, 1);

    /// <summary>Reads <c>INDEX/OF</c>, as <see cref="ToString"/> writes it; all devices for null.</summary>
    /// <exception cref="FormatException">It is something else.</exception>
    public static DeviceShare Parse(string? text)
    {
        if (text is null)
        {
            return All;
        }

        var parts = text.Split('/');
        return parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var of)
            && index < of
            ? new DeviceShare(index, of)
            : throw new FormatException($"{Settings.DeviceShare} is '{text}'; it takes INDEX/OF, such as 0/2.");
    }

    /// <summary>Whether the silo owns device <paramref name="device"/> of the cluster.</summary>
    public bool Owns(int device) => device % Of == Index;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Index}/{Of}");
}
