using System.CommandLine;
using Crescent.Client.Connections;
using Crescent.Grains.Contracts.Factory;

namespace Crescent.Client.Commands;

/// <summary>A device of the factory, as <c>top</c> shows it.</summary>
internal static class DeviceArgument
{
    private const int MostNamed = 20;

    /// <summary>The argument <c>SILO/DEVICE</c>.</summary>
    public static Argument<string> Create()
    {
        var device = new Argument<string>("SILO/DEVICE") { Description = "The device, as `top` shows it, such as device-1/cpu" };
        device.Validators.Add(static result =>
        {
            if (result.Tokens is [{ Value: var text }] && text.IndexOf('/', StringComparison.Ordinal) is var slash && (slash < 1 || slash == text.Length - 1))
            {
                result.AddError($"'{text}' is no device: it must be SILO/DEVICE, such as device-1/cpu.");
            }
        });
        return device;
    }

    /// <summary>The device <paramref name="name"/> of <paramref name="factory"/>, or null.</summary>
    public static DeviceSnapshot? Find(FactorySnapshot factory, string name) => factory.Devices.FirstOrDefault(d => $"{d.Silo}/{d.Device}" == name);

    /// <summary>Sees that there is a device <paramref name="name"/>.</summary>
    /// <exception cref="FactoryException">There is none; it names those that there are.</exception>
    public static void Check(FactorySnapshot factory, string name)
    {
        if (Find(factory, name) is null)
        {
            throw new FactoryException($"The factory has no device '{name}'; it has {Names(factory)}", Remedies.Device);
        }
    }

    private static string Names(FactorySnapshot factory)
    {
        var names = string.Join(", ", factory.Devices.Take(MostNamed).Select(static d => $"{d.Silo}/{d.Device}"));
        return factory.Devices.Count == 0 ? "none" : factory.Devices.Count > MostNamed ? $"{names}, …" : names;
    }
}
