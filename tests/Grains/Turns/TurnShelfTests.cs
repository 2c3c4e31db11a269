using Crescent.Grains.Turns;

namespace Crescent.Tests.Grains.Turns;

public sealed class TurnShelfTests
{
    private static StoredTurn Turn(string id, string? previous = null, int bytes = 100) => new() { Id = id, Previous = previous, Answer = new byte[bytes] };

    [Fact]
    public void A_chain_has_all_turns_from_the_first_and_is_its_tenants_own()
    {
        var shelf = new TurnShelf(10_000, 100_000);
        Assert.True(shelf.Keep("a", Turn("1")) && shelf.Keep("a", Turn("2", "1")) && shelf.Keep("a", Turn("3", "2")));
        Assert.Equal(["1", "2", "3"], shelf.Chain("a", "3")!.Select(static turn => turn.Id));
        Assert.Null(shelf.Chain("b", "3"));
        Assert.Null(shelf.Find("b", "1"));
        Assert.False(shelf.Remove("b", "1"));
        Assert.True(shelf.Remove("a", "1"));
        Assert.Null(shelf.Chain("a", "3"));
        Assert.Equal("3", shelf.Find("a", "3")!.Id);
    }

    [Fact]
    public void What_was_used_longest_ago_goes_first_and_a_tenant_takes_no_more_than_its_own()
    {
        var size = Turn("x").Bytes;
        var shelf = new TurnShelf(3 * size, 100 * size);
        shelf.Keep("a", Turn("1"));
        shelf.Keep("a", Turn("2"));
        shelf.Keep("b", Turn("1"));
        shelf.Keep("a", Turn("3"));
        Assert.NotNull(shelf.Chain("a", "1"));
        shelf.Keep("a", Turn("4"));
        Assert.Equal([true, false, true, true], new[] { "1", "2", "3", "4" }.Select(id => shelf.Find("a", id) is not null));
        Assert.NotNull(shelf.Find("b", "1"));
        Assert.False(shelf.Keep("a", Turn("5", bytes: 10_000)));
        Assert.Equal(4 * size, shelf.Bytes);
    }

    [Fact]
    public void Where_all_is_full_the_tenant_that_has_most_gives_up()
    {
        var size = Turn("x").Bytes;
        var shelf = new TurnShelf(3 * size, 4 * size);
        shelf.Keep("small", Turn("1"));
        foreach (var id in new[] { "1", "2", "3" })
        {
            shelf.Keep("big", Turn(id));
        }

        shelf.Keep("new", Turn("1"));
        Assert.NotNull(shelf.Find("small", "1"));
        Assert.Null(shelf.Find("big", "1"));
        Assert.NotNull(shelf.Find("new", "1"));

        // The same turn once more is one.
        shelf.Keep("new", Turn("1"));
        Assert.Equal(4 * size, shelf.Bytes);
    }
}
