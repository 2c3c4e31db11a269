using Crescent.Control.Placement;
using Crescent.Control.Planning;
using Crescent.Engine.Devices.Simulated;
using Crescent.Lab.Fleet;
using Crescent.Lab.Servers;
using Crescent.Lab.Traces;
using Crescent.Tests.Control.Placement;

namespace Crescent.Tests.Lab.Fleet;

public sealed class ParkingTests
{
    private static readonly FleetSpec Spec = FleetSpec.Parse("sim:h100-sxm*6:tp8", "sim:llama-3-70b-fp8");
    private static readonly Trace Poisson = SyntheticTrace.Create("poisson");

    [Fact]
    public void A_device_that_is_parked_draws_what_it_does_without_a_context_and_one_that_sleeps_nothing()
    {
        var gpu = GpuModels.Find("h100-sxm");
        var meter = new PowerMeter(FleetSpec.Parse("sim:h100-sxm:tp8", "sim:llama-3-8b-fp8"), 0);
        meter.Step(0, 0, 1, 1000);
        meter.Park(0, 11);
        meter.Sleep(0, 21);
        meter.Wake(0, 31);
        meter.Close(41);
        var open = (gpu.AwakeSeconds * gpu.AwakeWatts) + ((10 - gpu.AwakeSeconds) * gpu.IdleWatts);
        Assert.Equal(1000 + (8 * (open + (10 * gpu.BareWatts) + (10 * gpu.IdleWatts))), meter.Joules, 1e-6);
    }

    [Fact]
    public void An_open_context_costs_what_was_measured()
    {
        foreach (var gpu in GpuModels.Names.Select(GpuModels.Find))
        {
            Assert.InRange(gpu.IdleWatts - gpu.BareWatts, 26, 50);
        }

        Assert.Equal(20, (GpuModels.Find("h100") with { IdleWatts = 20, BareIdleWatts = null }).BareWatts);
    }

    [Fact]
    public void Sleep_breaks_even_after_as_long_as_it_saves_what_waking_takes()
    {
        // Waking: 120 s of a server and eight open devices. Saved while it sleeps: a server and eight bare ones, but for 30 W.
        var options = new ServerOptions(new FixedServers(1));
        Assert.Equal(120 * (1800 + (12 * 113)) / (1800 + (12 * 75.0) - 30), ServerFleet.BreakEvenSeconds(options, Spec), 6);
    }

    [Fact]
    public void At_a_light_load_parking_saves_at_the_wall_and_breaks_no_promise()
    {
        var (open, parked) = (Run(null), Run(new ServerOptions(new ParkingServers(ServiceLevel.Standard)) { Parks = true, LookSeconds = 1 }));
        Assert.Equal(open.Requests, parked.Requests);
        Assert.True(parked.WallJoules < 0.97 * open.WallJoules, $"{parked.WallJoules} against {open.WallJoules}");
        Assert.True(parked.SloAttainment >= open.SloAttainment - 0.005, $"{parked.SloAttainment} against {open.SloAttainment}");
        Assert.Equal(open.Tokens, parked.Tokens);

        static FleetResult Run(ServerOptions? servers)
        {
            using var fleet = new VirtualFleet(new FleetOptions { Spec = Spec, Policy = "power-aware", Servers = servers }, Poisson.HasContent);
            return fleet.Run(Poisson.At(15, 0, 0, 400), TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public void Servers_are_opened_ahead_of_a_load_that_grows_and_parked_a_minute_after_it_has_gone()
    {
        var servers = new ParkingServers(ServiceLevel.Standard);
        Assert.Equal(8, servers.First(8));
        Assert.Equal(8, Wanted(0, 4, 0.2));
        var low = Wanted(61, 4, 0.2);
        Assert.InRange(low, 1, 3);
        var now = Wanted(70, 40, 2);
        var ahead = Wanted(75, 60, 3);
        Assert.True(now >= 4 && ahead >= now, $"{now} and {ahead}");
        Assert.Equal(ahead, Wanted(120, 4, 0.2));
        Assert.Equal(low, Wanted(200, 4, 0.2));

        int Wanted(double at, double sequences, double prompts) => servers.Wanted(new PlannerView
        {
            Now = at,
            Load = new FleetLoad(sequences, 1000 * sequences, prompts),
            Shape = new ReplicaShape(Views.Gpu, 1, 1e6),
            Replicas = 8,
            Ready = 8,
        });
    }
}
