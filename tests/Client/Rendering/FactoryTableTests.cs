using Crescent.Client.Rendering;
using Crescent.Grains.Contracts.Factory;

namespace Crescent.Tests.Client.Rendering;

public sealed class FactoryTableTests
{
    [Fact]
    public void Each_device_has_a_row_with_its_figures()
    {
        var row = Assert.Single(Render(FakeFactory.Snapshot), line => line.TrimStart().StartsWith("device-1", StringComparison.Ordinal));
        Assert.Equal(["device-1", "device", "cpu", "3", "8", "25", "%", "312.4", "35.2/65", "W*", "120", "ms"], Cells(row));
    }

    [Fact]
    public void A_silo_without_devices_has_a_row_of_dashes()
    {
        var row = Assert.Single(Render(FakeFactory.Snapshot), line => line.TrimStart().StartsWith("front", StringComparison.Ordinal));
        Assert.Equal(["front", "front", "-", "-", "-", "-", "-", "-", "-"], Cells(row));
    }

    [Fact]
    public void A_silo_that_is_not_active_and_a_draining_device_say_so()
    {
        var row = Assert.Single(Render(FakeFactory.Snapshot), line => line.TrimStart().StartsWith("device-2", StringComparison.Ordinal));
        Assert.Contains("device, Dead", row);
        Assert.Contains("cpu (draining)", row);
        Assert.EndsWith("9.0 s", row.TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_device_that_an_operator_has_drained_says_so()
    {
        var factory = FakeFactory.Snapshot with { Devices = [FakeFactory.Snapshot.Devices[0] with { Draining = true, OutOfService = true }] };
        Assert.Contains(Render(factory), line => line.Contains("cpu (drained)", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(2, 0, "cpu (failing)")]
    [InlineData(0, 30, "cpu (stalled)")]
    public void A_device_that_does_not_get_on_says_so(int failedSteps, double stalledSeconds, string shown)
    {
        var factory = FakeFactory.Snapshot with
        {
            Devices = [FakeFactory.Snapshot.Devices[0] with { FailedSteps = failedSteps, StalledSeconds = stalledSeconds }],
        };
        Assert.Contains(Render(factory), line => line.Contains(shown, StringComparison.Ordinal));
    }

    [Fact]
    public void A_simulated_device_says_so()
    {
        var factory = FakeFactory.Snapshot with { Devices = [FakeFactory.Snapshot.Devices[0] with { Simulated = true }] };
        Assert.Contains(Render(factory), line => line.Contains("cpu (simulated)", StringComparison.Ordinal));
    }

    [Fact]
    public void A_device_of_a_silo_that_is_no_member_any_more_stays_in_sight()
    {
        var factory = FakeFactory.Snapshot with { Silos = [] };
        Assert.Contains(Render(factory), line => line.Contains("device-1 gone", StringComparison.Ordinal));
    }

    [Fact]
    public void The_totals_add_up_and_say_that_watts_are_modelled()
    {
        var lines = Render(FakeFactory.Snapshot);
        Assert.Contains("2 devices · 3 waiting · 8 running · 312.4 tokens/s · 35.2/65 W (* modelled, others rapl)", lines.Select(l => l.TrimEnd()));
        Assert.Contains("Crescent run-7 · model Crescent Tiny · placement power-aware", lines.Select(l => l.TrimEnd()));
    }

    [Fact]
    public void Measured_watts_are_not_called_modelled()
    {
        var factory = FakeFactory.Snapshot with { Devices = [.. FakeFactory.Snapshot.Devices.Select(d => d with { WattsSource = "rapl" })] };
        Assert.DoesNotContain(Render(factory), line => line.Contains('*', StringComparison.Ordinal));
    }

    [Fact]
    public void A_row_fits_a_line_of_a_terminal_of_80_columns()
    {
        var factory = FakeFactory.Snapshot with { Silos = [.. FakeFactory.Snapshot.Silos.Take(2)], Devices = [FakeFactory.Snapshot.Devices[0]] };
        Assert.Contains(Render(factory, 80), line => line.Contains("device-1", StringComparison.Ordinal) && line.Contains("120 ms", StringComparison.Ordinal));
    }

    [Fact]
    public void A_note_stands_below() => Assert.Equal("No state for 3 s", Render(FakeFactory.Snapshot, note: "No state for 3 s")[^1].TrimEnd());

    private static string[] Render(FactorySnapshot factory, int width = 200, string? note = null)
    {
        var terminal = new FakeTerminal(width: width);
        terminal.Terminal.Output.Write(FactoryTable.Of(factory, note));
        return terminal.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static string[] Cells(string row) => row.Split((char[])[' ', '│', '|'], StringSplitOptions.RemoveEmptyEntries);
}
