using Crescent.Grains.Storage;
using Orleans.Storage;
using State = Orleans.GrainState<Crescent.Grains.Storage.StoredDocument>;

namespace Crescent.Tests.Grains.Storage;

public sealed class FileGrainStorageTests : IDisposable
{
    private static readonly GrainId Grain = GrainId.Create("a-type", "some key/with ÄÖ and more");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_is_written_is_read_by_another()
    {
        using var one = new FileGrainStorage(_folder.Path);
        using var other = new FileGrainStorage(_folder.Path);
        var state = new State { State = new StoredDocument { Json = "{\"a\":1}" } };
        await one.WriteStateAsync("s", Grain, state);
        var read = new State();
        await other.ReadStateAsync("s", Grain, read);
        Assert.Equal(("{\"a\":1}", state.ETag, true), (read.State!.Json, read.ETag, read.RecordExists));
        var none = new State();
        await other.ReadStateAsync("s", GrainId.Create("a-type", "another"), none);
        Assert.False(none.RecordExists);
    }

    [Fact]
    public async Task A_writer_that_builds_on_an_older_state_is_refused()
    {
        using var storage = new FileGrainStorage(_folder.Path);
        var first = new State { State = new StoredDocument { Json = "1" } };
        await storage.WriteStateAsync("s", Grain, first);
        var second = new State();
        await storage.ReadStateAsync("s", Grain, second);
        await storage.WriteStateAsync("s", Grain, first);
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("s", Grain, second));
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("s", Grain, new State { State = new StoredDocument() }));
        await storage.ClearStateAsync("s", Grain, first);
        Assert.False(first.RecordExists);
    }

    [Fact]
    public async Task A_draft_that_was_left_behind_and_a_file_that_is_none_are_told_apart()
    {
        using var storage = new FileGrainStorage(_folder.Path);
        var state = new State { State = new StoredDocument { Json = "1" } };
        await storage.WriteStateAsync("s", Grain, state);
        var file = Directory.GetFiles(Path.Combine(_folder.Path, "s"), "*.json").Single();
        await File.WriteAllTextAsync(file + ".draft", "half", TestContext.Current.CancellationToken);
        await storage.WriteStateAsync("s", Grain, state);
        await File.WriteAllTextAsync(file, "{ half", TestContext.Current.CancellationToken);
        Assert.Contains(file, (await Assert.ThrowsAsync<InvalidDataException>(() => storage.ReadStateAsync("s", Grain, new State()))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Grains_whose_keys_differ_in_case_alone_have_files_of_different_names()
    {
        using var storage = new FileGrainStorage(_folder.Path);
        string[] keys = ["order-17", "Order-17", "ORDER-17", "order-17/a", "Order-17/a", "order/17", "Ä-1", "ä-1"];
        foreach (var key in keys)
        {
            await storage.WriteStateAsync("s", GrainId.Create("a-type", key), new State { State = new StoredDocument { Json = key } });
        }

        var names = Directory.GetFiles(Path.Combine(_folder.Path, "s"), "*.json").Select(Path.GetFileName).ToArray();
        Assert.Equal(keys.Length, names.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        foreach (var key in keys)
        {
            var read = new State();
            await storage.ReadStateAsync("s", GrainId.Create("a-type", key), read);
            Assert.Equal(key, read.State!.Json);
        }
    }

    [Fact]
    public async Task A_file_from_when_upper_case_letters_stood_in_names_is_taken_over_by_its_grain_alone()
    {
        using var storage = new FileGrainStorage(_folder.Path);
        var grain = GrainId.Create("a-type", "Order-17");
        var folder = Directory.CreateDirectory(Path.Combine(_folder.Path, "s")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "a-type_Order-17.json"), """{"Version":1,"Grain":"a-type/Order-17","ETag":"e","State":{"Json":"kept"}}""", TestContext.Current.CancellationToken);

        // As a file system shows it that does not heed the case.
        await File.WriteAllTextAsync(Path.Combine(folder, "a-type_ORDER-17.json"), """{"Version":1,"Grain":"a-type/order-17","ETag":"e","State":{"Json":"another's"}}""", TestContext.Current.CancellationToken);
        var read = new State();
        await storage.ReadStateAsync("s", grain, read);
        Assert.Equal(("kept", "e"), (read.State!.Json, read.ETag));
        read.State.Json = "new";
        await storage.WriteStateAsync("s", grain, read);
        await storage.ReadStateAsync("s", grain, read);
        Assert.Equal("new", read.State!.Json);
        await storage.ReadStateAsync("s", GrainId.Create("a-type", "ORDER-17"), read);
        Assert.False(read.RecordExists);
    }

    [Fact]
    public async Task Many_writers_of_one_state_leave_one_that_is_whole()
    {
        using var one = new FileGrainStorage(_folder.Path);
        using var other = new FileGrainStorage(_folder.Path);
        var wins = 0;
        await Task.WhenAll(Enumerable.Range(0, 20).Select(async i =>
        {
            var state = new State { State = new StoredDocument { Json = new string('x', 1000 + i) } };
            try
            {
                await (i % 2 == 0 ? one : other).WriteStateAsync("s", Grain, state);
                Interlocked.Increment(ref wins);
            }
            catch (InconsistentStateException)
            {
            }
        }));
        Assert.Equal(1, wins);
    }
}
