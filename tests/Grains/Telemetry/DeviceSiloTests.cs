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
    public async Task One_that_neither_places_nor_governs_is_told_seldom_and_all_once_it_places_calls()
    {
        await FactoryCluster.Until(() => FactoryCluster.Service<PowerDesk>(_front).Newest.State is not null, "a governor is heard of");

        // It is in the front end, or in a silo of devices if it was placed before a front end was known: that one is told all, and tells all.
        var governor = FactoryCluster.Service<PowerDesk>(_front).Newest.State!.Governor;
        var deaf = governor == _other.Name ? _one : _other;
        var (teller, listener) = governor == _front.Name ? (_one, _front) : (_front, deaf == _one ? _other : _one);
        await FactoryCluster.Until(() => Roles(teller).Listens(deaf.SiloAddress) == false && Roles(teller).Listens(listener.SiloAddress) == true, "it is known who listens");
        var (toListener, toDeaf) = await Sent(teller, listener, deaf);
        Assert.InRange(toDeaf, 1, toListener / 4);

        // Calls that enter by a silo of devices, as those of an agent's task that has lost its front end, are placed there.
        var running = new RunningCall(FactoryCluster.Service<IGenerationService>(deaf), FactoryCluster.Call(1));
        await running.Ended;
        Assert.Equal(FactoryCluster.Expected(running.Call), running.Tokens);
        await FactoryCluster.Until(() => Roles(teller).Listens(deaf.SiloAddress) == true, "it wants to be told");
        (toListener, toDeaf) = await Sent(teller, listener, deaf);
        Assert.InRange(toDeaf, toListener - 2, toListener + 2);
    }

    [Theory]
    [InlineData(0, 8)]
    [InlineData(35, 8)]
    [InlineData(64, 16)]
    [InlineData(126, 31)]
    public void The_more_of_them_there_are_the_more_seldom_each_is_told(int quiet, int turns) => Assert.Equal(turns, TelemetryService.Turns(quiet));

    /// <summary>Reports of a silo to two others, over so many to the one that gets most that a seldom one comes several times.</summary>
    private static async Task<(int ToOne, int ToOther)> Sent(InProcessSiloHandle from, InProcessSiloHandle one, InProcessSiloHandle other)
    {
        var (before, beforeOther) = (Sent(from, one), Sent(from, other));
        await FactoryCluster.Until(() => Sent(from, one) - before >= 3 * TelemetryService.SeldomEvery, "reports are sent");
        return (Sent(from, one) - before, Sent(from, other) - beforeOther);
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
