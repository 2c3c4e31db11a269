using System.Net;
using Crescent.Grains.Telemetry;
using Crescent.Tests.Control.Placement;

namespace Crescent.Tests.Grains.Placement;

/// <summary>What silos report in the tests of placement.</summary>
internal static class Reports
{
    public static readonly DeviceReport Idle = new()
    {
        Device = "gpu",
        Profile = Views.Gpu,
        TotalBlocks = 100,
        FreeBlocks = 100,
        MaxContext = 4096,
        MaxStepTokens = 512,
        StepSeconds = 0.01,
        Watts = 80,
        CapWatts = 700,
    };

    public static SiloAddress Silo(int number, int generation = 1) => SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 20_000 + number), generation);
}
