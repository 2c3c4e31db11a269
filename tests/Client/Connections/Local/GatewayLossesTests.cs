using Crescent.Client.Connections.Local;

namespace Crescent.Tests.Client.Connections.Local;

public sealed class GatewayLossesTests
{
    [Fact]
    public async Task The_loss_of_the_last_gateway_ends_a_silent_stream()
    {
        var losses = new GatewayLosses();
        using var alarm = losses.Watch();
        losses.OnCountChanged(null, new GatewayCountChangedEventArgs(0, 1));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Task.Delay(TimeSpan.FromMinutes(1), alarm.Token));
    }

    [Fact]
    public void A_gained_gateway_and_an_ended_stream_sound_no_alarm()
    {
        var losses = new GatewayLosses();
        using var alarm = losses.Watch();
        losses.OnCountChanged(null, new GatewayCountChangedEventArgs(2, 1));
        Assert.False(alarm.Token.IsCancellationRequested);
        alarm.Dispose();
        losses.OnCountChanged(null, new GatewayCountChangedEventArgs(0, 2));
    }
}
