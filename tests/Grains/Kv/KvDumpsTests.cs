using Crescent.Engine.Kv;
using Crescent.Grains.Gpu;
using Crescent.Grains.Kv;

namespace Crescent.Tests.Grains.Kv;

public class KvDumpsTests
{
    private readonly BlockHash[] _held = [.. Enumerable.Range(0, KvDumpPage.MaxHashes + 10).Select(static i => new BlockHash((UInt128)i))];
    private readonly KvDumps _dumps;
    private int _taken;

    public KvDumpsTests() => _dumps = new KvDumps(_ => Task.FromResult(new KvDump(7, ++_taken, _held)));

    [Fact]
    public async Task Pages_make_up_one_dump_and_no_page_exceeds_a_mebibyte()
    {
        var first = await _dumps.Page(0, 0);
        await _dumps.Page(0, 0);
        var second = await _dumps.Page(first.Dump, KvDumpPage.MaxHashes);
        Assert.Equal((7, 1, _held.Length), (first.Epoch, first.LastId, first.Total));
        Assert.Equal(1, second.LastId);
        Assert.Equal(1 << 20, first.Hashes.Length);
        var hashes = new BlockHash[_held.Length];
        KvEventCodec.ReadHashes(first.Hashes, hashes);
        KvEventCodec.ReadHashes(second.Hashes, hashes.AsSpan(KvDumpPage.MaxHashes));
        Assert.Equal(_held, hashes);
    }

    [Fact]
    public async Task A_dump_that_gave_way_to_newer_ones_says_so()
    {
        var first = await _dumps.Page(0, 0);
        for (var i = 0; i < KvDumps.MaxKept; i++)
        {
            await _dumps.Page(0, 0);
        }

        Assert.Equal(0, (await _dumps.Page(first.Dump, KvDumpPage.MaxHashes)).Dump);
    }

    [Fact]
    public async Task A_device_that_was_opened_anew_does_not_know_the_dumps_of_before()
    {
        var first = await _dumps.Page(0, 0);
        var anew = new KvDumps(_ => Task.FromResult(new KvDump(8, 1, _held)));
        await anew.Page(0, 0);
        Assert.Equal(0, (await anew.Page(first.Dump, KvDumpPage.MaxHashes)).Dump);
    }

    [Fact]
    public async Task An_empty_cache_is_one_empty_page()
    {
        var page = await new KvDumps(static _ => Task.FromResult(new KvDump(7, 0, default))).Page(0, 0);
        Assert.Equal((0, 0), (page.Total, page.Hashes.Length));
        Assert.NotEqual(0, page.Dump);
    }
}
