namespace Crescent.Grains.Telemetry;

/// <summary>Names a device in the cluster: <c>silo/device</c>. A silo's name has no slash; a device's may.</summary>
/// <param name="Silo">Name of the silo, the same after a restart.</param>
/// <param name="Device">Name within the silo.</param>
public readonly record struct DeviceKey(string Silo, string Device)
{
    /// <exception cref="FormatException">There is no slash, or nothing before or after it.</exception>
    public static DeviceKey Parse(string key)
    {
        var slash = key.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && slash < key.Length - 1
            ? new DeviceKey(key[..slash], key[(slash + 1)..])
            : throw new FormatException($"'{key}' is no device: it must be silo/device, such as silo-1/cpu.");
    }

    public override string ToString() => $"{Silo}/{Device}";
}
