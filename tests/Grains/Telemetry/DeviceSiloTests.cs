using Crescent.Grains.Gossip;
using Crescent.Grains.Power;
using Crescent.Grains.Streams;
using Crescent.Grains.Telemetry;
using Orleans.TestingHost;

namespace Crescent.Tests.Grains.Telemetry;

/// <summary>Silos that only have devices hear one another seldom, for as long as they neither place calls nor govern power.</summary>
public sealed class DeviceSiloTests : IClassFixture<DeviceSiloTests.OneFront>
{
    private readonly InProcessSiloHandle _front;
    private readonly InProcessSiloHandle _one;
    private readonly InProcessSiloHandle _other;

    public DeviceSiloTests(OneFront factory)
    {
        _front = factory.Silos.Single(static s => OneFront.IsFront(s.Name));
        (_one, _other) = (factory.Silos.First(s => s != _front), factory.Silos.Last(s => s != _front));
    }

    [Fact]
    public async Task They_tell_one_another_seldom_and_front_ends_at_each_report_until_one_places_calls()
    {
        await FactoryCluster.Until(() => FactoryCluster.Service<PowerDesk>(_one).Newest.State is not null, "a governor is heard of");
        if (FactoryCluster.Service<PowerDesk>(_one).Newest.State!.Governor != _front.Name)
        {
            // It was placed before a front end was known: its silo is told all, like a front end.
            var governs = FactoryCluster.Service<PowerDesk>(_one).Newest.State!.Governor == _one.Name ? _one : _other;
            await FactoryCluster.Until(() => Roles(_front).Listens(governs.SiloAddress) == true, "the governor's silo wants to be told");
            return;
        }

        await FactoryCluster.Until(() => Roles(_one).Listens(_other.SiloAddress) == false && Roles(_one).Listens(_front.SiloAddress) == true, "the roles are known");
        var (toFront, toOther) = await Sent(_one, 4 * TelemetryService.SeldomEvery);
        Assert.InRange(toOther, 1, toFront / 8);

        // Calls that enter by a silo of devices, as those of an agent's task that has lost its front end, are placed there.
        var running = new RunningCall(FactoryCluster.Service<IGenerationService>(_other), FactoryCluster.Call(1));
        await running.Ended;
        Assert.Equal(FactoryCluster.Expected(running.Call), running.Tokens);
        await FactoryCluster.Until(() => Roles(_one).Listens(_other.SiloAddress) == true, "the other silo wants to be told");
        (toFront, toOther) = await Sent(_one, 4 * TelemetryService.SeldomEvery);
        Assert.InRange(toOther, toFront - 2, toFront + 2);
    }

    /// <summary>Reports of a silo to the front end and to the other silo of devices, over so many to the one that gets most.</summary>
    private async Task<(int ToFront, int ToOther)> Sent(InProcessSiloHandle from, int reports)
    {
        var (front, other) = (Sent(from, _front), Sent(from, _other));
        await FactoryCluster.Until(() => Math.Max(Sent(from, _front) - front, Sent(from, _other) - other) >= reports, "reports are sent");
        return (Sent(from, _front) - front, Sent(from, _other) - other);
    }

    private static int Sent(InProcessSiloHandle from, InProcessSiloHandle to) => ((LossyTelemetry)FactoryCluster.Service<ITelemetryClient>(from)).Reports(to.SiloAddress);

    private static SiloRoles Roles(InProcessSiloHandle silo) => FactoryCluster.Service<SiloRoles>(silo);

    /// <summary>One silo by which calls enter, with a device as well, and two with devices alone.</summary>
    public sealed class OneFront : FactoryCluster
    {
        public static bool IsFront(string silo) => silo.EndsWith('0');

        protected override string Role(string silo) => IsFront(silo) ? "all" : "device";
    }
}
