using Crescent.Client.Terminals;

namespace Crescent.Tests.Client.Terminals;

public sealed class InterruptsTests
{
    [Fact]
    public void Only_the_innermost_scope_is_cancelled_and_only_once()
    {
        using var interrupts = new Interrupts();
        Assert.False(interrupts.Raise());
        using var outer = interrupts.Begin();
        using (var inner = interrupts.Begin())
        {
            Assert.True(interrupts.Raise());
            Assert.True(inner.Token.IsCancellationRequested);
            Assert.False(outer.Token.IsCancellationRequested);
            Assert.False(interrupts.Raise());
        }

        Assert.True(interrupts.Raise());
        Assert.True(outer.Token.IsCancellationRequested);
    }
}
