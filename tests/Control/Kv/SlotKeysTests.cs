using Crescent.Control.Kv;

namespace Crescent.Tests.Control.Kv;

public class SlotKeysTests
{
    private const int Slots = 1250;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(ulong.MaxValue)]
    [InlineData(0x123456789ABCDEF1)]
    public void A_key_tells_its_slot_and_two_together_tell_none(ulong seed)
    {
        var keys = new SlotKeys(seed);
        for (var slot = 0; slot < Slots; slot++)
        {
            Assert.NotEqual(0UL, keys[slot]);
            Assert.Equal((ulong)slot, keys.Slot(keys[slot]));
            for (var other = 0; other < slot; other++)
            {
                Assert.True(keys.Slot(keys[slot] ^ keys[other]) >= Slots);
            }
        }

        Assert.True(keys.Slot(0) >= Slots);
    }
}
