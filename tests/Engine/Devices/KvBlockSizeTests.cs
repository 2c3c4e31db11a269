using Crescent.Engine.Devices;
using Crescent.Tests.Engine.Scheduling;
using CsCheck;

namespace Crescent.Tests.Engine.Devices;

public sealed class KvBlockSizeTests
{
    [Fact]
    public void Shifts_give_what_divisions_would() =>
        Gen.Select(Gen.Int[3, 8], Gen.Int[0, 1 << 21]).Sample((shift, position) =>
        {
            var positions = 1 << shift;
            var size = new KvBlockSize(positions);
            Assert.Equal(positions, size.Positions);
            Assert.Equal(position / positions, size.FullBlocks(position));
            Assert.Equal(position % positions, size.Slot(position));
            Assert.Equal((position + positions - 1) / positions, size.BlocksFor(position));
            Assert.Equal((long)position * positions, size.PositionsIn(position));
        });

    [Theory]
    [InlineData(0)]
    [InlineData(-16)]
    [InlineData(4)]
    [InlineData(24)]
    [InlineData(512)]
    public void A_device_with_blocks_of_another_size_is_refused_by_name(int positions)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new KvBlockSize(positions));
        var device = new HistoryDevice(8).Info with { Name = "cuda:3", BlockSize = positions };
        var refused = Assert.Throws<ArgumentException>(() => EngineHarness.EngineOver(new Named(device), new RecordingSink()));
        Assert.Contains("cuda:3", refused.Message, StringComparison.Ordinal);
        Assert.Contains($"{positions} positions", refused.Message, StringComparison.Ordinal);
        Assert.Contains("8 to 256", refused.Message, StringComparison.Ordinal);
    }

    private sealed class Named(DeviceInfo info) : IDevice
    {
        public DeviceInfo Info => info;

        public void Begin(StepPlan plan) => throw new NotSupportedException();

        public StepResult End() => throw new NotSupportedException();

        public void Dispose()
        {
        }
    }
}
