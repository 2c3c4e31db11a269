using System.Net;
using Crescent.Grains.Placement;
using Crescent.Grains.Telemetry;

namespace Crescent.Tests.Grains.Placement;

/// <summary>Makes factory views for the tests of placement.</summary>
internal static class Views
{
    public static readonly DeviceReport Idle = new()
    {
        Device = "gpu",
        TotalBlocks = 100,
        FreeBlocks = 100,
        MaxContext = 4096,
        MaxStepTokens = 512,
        StepSeconds = 0.01,
        Watts = 80,
        CapWatts = 700,
    };

    public static SiloAddress Silo(int number) => SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 20_000 + number), 1);

    /// <summary>A view of devices <c>silo-0/gpu</c>, <c>silo-1/gpu</c>, …, all just heard of.</summary>
    public static FactoryView Of(params DeviceReport[] reports)
    {
        var view = new FactoryView { Now = 100 };
        for (var i = 0; i < reports.Length; i++)
        {
            view.Add(new DeviceState
            {
                Silo = Silo(i),
                SiloName = $"silo-{i}",
                Key = $"silo-{i}/gpu",
                Report = reports[i],
                HeardAt = 100,
                Reachable = true,
            });
        }

        return view;
    }

    public static PlacementCall Call(long number = 0, int prompt = 64, int max = 64, string? avoid = null) => new(number, prompt, max, avoid);
}
