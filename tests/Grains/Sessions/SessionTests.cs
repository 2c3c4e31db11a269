using Crescent.Engine.Devices;
using Crescent.Grains.Placement;
using Crescent.Grains.Sessions;
using Crescent.Grains.Telemetry.Kv;
using Crescent.Tests.Engine.Scheduling;
using Crescent.Tests.Grains.Placement;

namespace Crescent.Tests.Grains.Sessions;

public sealed class SessionTests
{
    private static readonly KvBlockSize Blocks = new(HistoryDevice.DefaultBlockSize);
    private static readonly KvRoot[] Roots = [new("model", "f16", Blocks), new("model", "q8_0", Blocks)];
    private static readonly int[] Prompt = [.. Enumerable.Range(1, (5 * HistoryDevice.DefaultBlockSize) + 3)];

    [Fact]
    public void Keys_of_different_tenants_are_different()
    {
        string[] keys = [Key("ab", "c"), Key("a", "bc"), Key("", "abc"), Key("1:a", "bc"), Key("", "1:abc")];
        Assert.Equal(keys.Length, keys.Distinct().Count());
        Assert.Equal(Key("a", "b"), Key("a", "b"));

        static string Key(string tenant, string session) => new SessionKey(tenant, session).ToString();
    }

    [Fact]
    public void A_turn_ages_on_its_way_between_silos()
    {
        var (here, there) = (new ManualTime(), new ManualTime());
        there.Advance(TimeSpan.FromHours(1));
        var (memory, next) = (new SessionMemory(here), new SessionMemory(there));
        Assert.Null(memory.Look());
        memory.Remember(Turn(Prefix(Prompt).Marks()));
        here.Advance(TimeSpan.FromSeconds(3));
        next.Restore(memory.Look()!);
        there.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.FromSeconds(4), next.Look()!.Age);
        Assert.Same(memory.Turn, next.Turn);
        next.Remember(memory.Turn!);
        Assert.Equal(TimeSpan.Zero, next.Look()!.Age);
    }

    [Fact]
    public void A_prompt_that_extends_the_last_turn_finds_all_its_blocks_on_its_device()
    {
        var turn = Turn(Prefix(Prompt).Marks(2 * HistoryDevice.DefaultBlockSize));
        Assert.Equal(5, turn.Blocks);
        Assert.Equal(new SessionHint("silo-0/gpu", 5), Hint(turn, [.. Prompt, 7, 7, 7]));
    }

    [Fact]
    public void A_prompt_that_tells_the_answer_in_other_tokens_finds_the_blocks_of_the_last_prompt()
    {
        var turn = Turn(Prefix(Prompt).Marks((2 * HistoryDevice.DefaultBlockSize) + 5));
        Assert.Equal(2, Hint(turn, [.. Prompt[..40], .. Enumerable.Repeat(9, 60)])!.Blocks);
    }

    [Fact]
    public void Blocks_of_another_beginning_salt_or_model_are_not_counted()
    {
        var turn = Turn(Prefix(Prompt).Marks());
        Assert.Null(Hint(turn, [9, .. Prompt]));
        Assert.Null(Hint(turn, Prompt[..(3 * HistoryDevice.DefaultBlockSize)]));
        Assert.Null(SessionDesk.Hint(new SessionSighting(turn, TimeSpan.Zero), PromptPrefix.Of(Roots, Prompt, "salt"), Roots[0]));
        var other = new KvRoot("other", "f16", Blocks);
        Assert.Null(SessionDesk.Hint(new SessionSighting(turn, TimeSpan.Zero), PromptPrefix.Of([other], Prompt, null), other));
    }

    [Fact]
    public void A_hint_is_told_in_the_blocks_of_the_sessions_device()
    {
        KvRoot[] roots = [.. Roots, new KvRoot("model", "f16", new KvBlockSize(64))];
        var prefix = PromptPrefix.Of(roots, [.. Enumerable.Range(1, 200)], null);
        var turn = new SessionSighting(Turn(prefix.Marks(130)), TimeSpan.Zero);
        Assert.Equal([12, 12, 3], roots.Select(root => SessionDesk.Hint(turn, prefix, root)!.Blocks));

        // As far as the first 130 tokens and no further.
        var parted = PromptPrefix.Of(roots, [.. Enumerable.Range(1, 130), .. Enumerable.Range(1, 70)], null);
        Assert.Equal([8, 8, 2], roots.Select(root => SessionDesk.Hint(turn, parted, root)!.Blocks));
    }

    [Fact]
    public void After_five_seconds_the_index_alone_counts()
    {
        var turn = Turn(Prefix(Prompt).Marks());
        Assert.NotNull(SessionDesk.Hint(new SessionSighting(turn, TimeSpan.FromSeconds(4.9)), Prefix(Prompt), Roots[0]));
        Assert.Null(SessionDesk.Hint(new SessionSighting(turn, TimeSpan.FromSeconds(5)), Prefix(Prompt), Roots[0]));
    }

    [Fact]
    public void A_prompt_without_a_full_block_leaves_nothing()
    {
        Assert.Empty(Prefix(Prompt[..(HistoryDevice.DefaultBlockSize - 1)]).Marks());
        Assert.Equal(0, Turn([]).Blocks);
        Assert.Equal(2, Prefix(Prompt).Marks(HistoryDevice.DefaultBlockSize - 1).Length);
    }

    private static PromptPrefix Prefix(int[] prompt) => PromptPrefix.Of(Roots, prompt, null);

    private static SessionHint? Hint(SessionTurn turn, int[] prompt) => SessionDesk.Hint(new SessionSighting(turn, TimeSpan.Zero), Prefix(prompt), Roots[0]);

    private static SessionTurn Turn(PromptMark[] marks) => new() { Device = "silo-0/gpu", Silo = Reports.Silo(0), Marks = marks };
}
