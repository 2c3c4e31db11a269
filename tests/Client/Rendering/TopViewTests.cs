using Crescent.Client.Rendering;
using Crescent.Grains.Contracts.Factory;

namespace Crescent.Tests.Client.Rendering;

public sealed class TopViewTests
{
    private static readonly FactorySnapshot Factory = FakeFactory.Snapshot with
    {
        Devices =
        [
            Device("a", "gpu-0", "llama", waiting: 1, watts: 400, cap: 700),
            Device("b", "gpu-1", "llama", waiting: 9, watts: 690, cap: 700),
            Device("b", "gpu-2", "qwen", waiting: 4, watts: 100, cap: 200) with { Stage = "quarantined" },
        ],
        Power = new FakeFactory().Power,
        Tenants = [new AccountSnapshot { Name = "acme", Requests = 3, OutputTokens = 1200, Joules = 60 }],
        Tasks = [new AccountSnapshot { Name = "task-1", Requests = 1, OutputTokens = 10, Joules = 5, Simulated = true }],
    };

    [Theory]
    [InlineData(nameof(TopSort.Name), false, "gpu-0 gpu-1 gpu-2")]
    [InlineData(nameof(TopSort.Name), true, "gpu-2 gpu-1 gpu-0")]
    [InlineData(nameof(TopSort.Queue), false, "gpu-1 gpu-2 gpu-0")]
    [InlineData(nameof(TopSort.Watts), false, "gpu-1 gpu-0 gpu-2")]
    [InlineData(nameof(TopSort.Headroom), false, "gpu-1 gpu-2 gpu-0")]
    [InlineData(nameof(TopSort.Health), false, "gpu-2 gpu-0 gpu-1")]
    public void Devices_stand_in_the_order_that_is_asked_for(string sort, bool reversed, string order) =>
        Assert.Equal(order, string.Join(' ', DeviceOrder.Of(Factory, new TopView(Sort: Enum.Parse<TopSort>(sort), IsReversed: reversed)).Select(static device => device.Device)));

    [Theory]
    [InlineData("B/", 2)]
    [InlineData("llama", 2)]
    [InlineData("quarantined", 1)]
    [InlineData("nothing", 0)]
    public void A_filter_looks_at_silo_device_model_and_state(string filter, int count) => Assert.Equal(count, DeviceOrder.Of(Factory, new TopView(Filter: filter)).Count);

    [Fact]
    public void Keys_sort_turn_filter_and_leave()
    {
        var view = Press(new TopView(), 's', 's', 'r')!;
        Assert.Equal(new TopView(Sort: TopSort.Running, IsReversed: true), view);
        view = Press(view, '/', 'q', 'w')!;
        Assert.Equal(("qw", true), (view.Filter, view.IsTyping));
        view = view.After(new ConsoleKeyInfo('\b', ConsoleKey.Backspace, false, false, false))!.After(new ConsoleKeyInfo('\r', ConsoleKey.Enter, false, false, false))!;
        Assert.Equal(("q", false), (view.Filter, view.IsTyping));
        Assert.Equal(TopPage.Models, Press(view, 'm')!.Page);
        Assert.Null(Press(view, 'q'));
    }

    [Fact]
    public void Pages_show_models_tenants_and_each_budget_with_its_price()
    {
        var models = Render(new TopView(TopPage.Models));
        Assert.Contains(models, static line => line.Contains("llama", StringComparison.Ordinal) && line.Contains("1090/1400 W", StringComparison.Ordinal));
        var tenants = Render(new TopView(TopPage.Tenants));
        Assert.Contains(tenants, static line => line.Contains("acme", StringComparison.Ordinal) && line.Contains("1,200", StringComparison.Ordinal) && line.Contains("0.050", StringComparison.Ordinal));
        Assert.Contains(tenants, static line => line.Contains("task-1 (simulated)", StringComparison.Ordinal));
        Assert.Contains(Render(new TopView()), static line => line.Contains("1470 W", StringComparison.Ordinal) && line.Contains("0.25", StringComparison.Ordinal));
    }

    [Fact]
    public void A_device_s_bars_are_of_its_last_looks()
    {
        var history = new DeviceHistory();
        for (var look = 0; look < 20; look++)
        {
            history.Add(Factory with { Devices = [Factory.Devices[0] with { TokensPerSecond = look == 19 ? 100 : 1 }, .. look < 5 ? Factory.Devices.Skip(1) : []] });
        }

        Assert.Equal((DeviceHistory.Looks, '█'), (history.Spark(Factory.Devices[0]).Length, history.Spark(Factory.Devices[0])[^1]));
        Assert.Equal("", history.Spark(Factory.Devices[1]));
        Assert.Contains(Render(new TopView(), history), static line => line.Contains('█', StringComparison.Ordinal));
    }

    private static TopView? Press(TopView? view, params char[] keys) => keys.Aggregate(view, static (view, key) => view?.After(new ConsoleKeyInfo(key, ConsoleKey.None, false, false, false)));

    private static string[] Render(TopView view, DeviceHistory? history = null)
    {
        var terminal = new FakeTerminal();
        terminal.Terminal.Output.Write(FactoryTable.Of(Factory, view: view, history: history));
        return terminal.Output.Split('\n');
    }

    private static DeviceSnapshot Device(string silo, string name, string model, int waiting, double watts, double cap) =>
        new() { Silo = silo, Device = name, Model = model, Waiting = waiting, Watts = watts, CapWatts = cap, TotalBlocks = 10, FreeBlocks = 5 };
}
