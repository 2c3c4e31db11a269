using System.Diagnostics.Metrics;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Frames;
using Crescent.Grains.Metrics;
using Crescent.Grains.Streams;
using Crescent.Tests.Engine.Scheduling;
using Crescent.Tests.Grains.Frames;
using Microsoft.Extensions.DependencyInjection;

namespace Crescent.Tests.Grains.Streams;

public sealed class TokenRouterTests : IDisposable
{
    private static readonly SiloAddress Silo = SiloAddress.New(System.Net.IPAddress.Loopback, 1, 1);

    private readonly ManualTime _time = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly TokenRouter _router;
    private readonly TokenStream _stream;
    private readonly StreamTicket _ticket;
    private int _told;

    public TokenRouterTests()
    {
        _router = new TokenRouter(null!, _time, new FactoryMetrics(_services.GetRequiredService<IMeterFactory>()));
        _stream = _router.Open(maxTokens: 8);
        (_ticket, _) = _stream.BeginAttempt();
        _stream.Assign(_ticket, "silo/gpu", Silo);
    }

    public void Dispose() => _services.Dispose();

    [Fact]
    public void What_a_device_has_told_to_nobody_is_told_when_its_reader_leaves()
    {
        _stream.Give(_ticket, Records.Output(0, 10), Records.Output(1, 11, "", FinishReason.Stop));
        _router.Close(_stream, () => _told++);
        Assert.Equal(1, _told);
        Assert.Equal(5.5, _stream.Usage.Joules);
    }

    [Fact]
    public void A_device_that_has_not_told_yet_is_waited_for()
    {
        _stream.Give(_ticket, Records.Output(0, 10));
        _router.Close(_stream, () => _told++);
        Assert.Equal(0, _told);
    }
}
