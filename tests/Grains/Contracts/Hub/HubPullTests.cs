using System.Collections.Concurrent;
using Crescent.Grains.Contracts.Hub;

namespace Crescent.Tests.Grains.Contracts.Hub;

public sealed class HubPullTests : IDisposable
{
    private static readonly HubReference Reference = HubReference.Parse("hf:owner/model-GGUF");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentQueue<PullProgress> _progress = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_file_comes_by_its_redirect_and_is_found_again_without_the_hub()
    {
        var content = Bytes(200_000, 1);
        await using var hub = await FakeHub.Start([("model-Q4_K_M.gguf", content), ("model-Q8_0.gguf", Bytes(10, 2)), ("README.md", [1]), ("mmproj-model-f16.gguf", [2])]);

        var pulled = await Pull(hub).Pull(Reference, _progress.Enqueue, Stop);
        Assert.Equal(content, await File.ReadAllBytesAsync(pulled.File, Stop));
        Assert.Equal("model-Q4_K_M.gguf", Path.GetFileName(pulled.File));
        Assert.Equal(FakeHub.Commit, pulled.Commit);
        Assert.Contains(_progress, static told => told.Done == 200_000 && told.Bytes == 200_000);

        var asked = hub.Asked.Count;
        Assert.Equal(pulled.File, (await Pull(hub).Have(Reference, offline: true, _progress.Enqueue, Stop)).File);
        Assert.Equal(pulled.File, (await Pull(hub).Have(Reference, offline: false, _progress.Enqueue, Stop)).File);
        Assert.Equal(asked, hub.Asked.Count);
        Assert.Single(hub.Given);
    }

    [Fact]
    public async Task The_token_goes_to_the_hub_and_never_to_the_host_that_it_redirects_to()
    {
        await using var hub = await FakeHub.Start([("model.gguf", Bytes(100, 1))], static () => FakeHub.With(isPrivate: true));
        await Pull(hub, FakeHub.Token).Pull(Reference, _progress.Enqueue, Stop);
        Assert.All(hub.Asked, static asked => Assert.Equal($"Bearer {FakeHub.Token}", asked.Authorization));
        Assert.All(hub.Given, static given => Assert.Null(given.Authorization));
        Assert.Single(hub.Given);
    }

    [Fact]
    public async Task A_revision_is_another_model_than_the_main_branch()
    {
        var (main, branch) = (Bytes(100, 1), Bytes(100, 2));
        await using var hub = await FakeHub.Start([("model.gguf", main)]);
        hub.BranchFiles.Add("model.gguf", branch);
        var other = HubReference.Parse($"hf:owner/model-GGUF@{FakeHub.Branch}");
        var pinned = await Pull(hub).Pull(other, _progress.Enqueue, Stop);
        Assert.Equal(branch, await File.ReadAllBytesAsync(pinned.File, Stop));
        Assert.Equal((FakeHub.BranchCommit, $"hf:owner/model-GGUF:model@{FakeHub.Branch}"), (pinned.Commit, pinned.Reference));

        // Who names no revision does not get one.
        var folder = new ModelFolder(_folder.Path);
        Assert.Null(folder.Find(Reference));
        var usual = await Pull(hub).Have(Reference, offline: false, _progress.Enqueue, Stop);
        Assert.Equal(main, await File.ReadAllBytesAsync(usual.File, Stop));
        Assert.Equal("hf:owner/model-GGUF:model", usual.Reference);
        Assert.Equal(usual.File, folder.Find(Reference)?.File);

        var asked = hub.Asked.Count;
        foreach (var name in new[] { FakeHub.Branch, FakeHub.BranchCommit, FakeHub.BranchCommit[..10] })
        {
            Assert.Equal(pinned.File, (await Pull(hub).Have(other with { Revision = name }, offline: true, _progress.Enqueue, Stop)).File);
        }

        Assert.Equal(asked, hub.Asked.Count);
        await Assert.ThrowsAsync<HubException>(() => Pull(hub).Have(other with { Revision = "v2" }, offline: true, _progress.Enqueue, Stop));
        var missing = await Assert.ThrowsAsync<HubException>(() => Pull(hub).Pull(other with { Revision = "v2" }, _progress.Enqueue, Stop));
        Assert.Contains("at v2", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_content_found_at_several_revisions_is_brought_once_and_found_by_each()
    {
        await using var hub = await FakeHub.Start([("model.gguf", Bytes(100, 1))]);
        hub.BranchFiles.Add("model.gguf", Bytes(100, 1));
        var other = Reference with { Revision = FakeHub.BranchCommit[..10] };
        var first = await Pull(hub).Pull(other, _progress.Enqueue, Stop);
        var second = await Pull(hub).Pull(Reference, _progress.Enqueue, Stop);
        Assert.Equal(first.File, second.File);
        Assert.Single(hub.Given);
        var folder = new ModelFolder(_folder.Path);
        Assert.Equal([first.File, first.File], [folder.Find(other)?.File, folder.Find(Reference)?.File]);
        Assert.Equal("hf:owner/model-GGUF:model", second.Reference);
    }

    [Fact]
    public async Task A_hub_that_is_asked_too_often_is_asked_again_when_it_says()
    {
        await using var hub = await FakeHub.Start([("model.gguf", Bytes(100, 1))]);
        hub.Busy.Enqueue(1);
        hub.Busy.Enqueue(-1);
        var time = new InstantTime();
        await new HubPull(hub.Settings(), new ModelFolder(_folder.Path), time).Pull(Reference, _progress.Enqueue, Stop);
        Assert.Equal([TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(2)], time.Waits);
        Assert.Contains(_progress, static told => told.Note?.Contains("come again in 1 s", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task A_hub_that_asks_for_a_long_wait_is_not_waited_for()
    {
        await using var hub = await FakeHub.Start([("model.gguf", Bytes(100, 1))]);
        hub.Busy.Enqueue(3600);
        var time = new InstantTime();
        var fault = await Assert.ThrowsAsync<HubException>(() => new HubPull(hub.Settings(), new ModelFolder(_folder.Path), time).Pull(Reference, _progress.Enqueue, Stop));
        Assert.Contains("3600 s", fault.Message, StringComparison.Ordinal);
        Assert.Contains("HF_TOKEN", fault.Remedy, StringComparison.Ordinal);
        Assert.Empty(time.Waits);

        // Many short waits are a long one.
        for (var i = 0; i < 10; i++)
        {
            hub.Busy.Enqueue(50);
        }

        await Assert.ThrowsAsync<HubException>(() => new HubPull(hub.Settings(), new ModelFolder(_folder.Path), time).Pull(Reference, _progress.Enqueue, Stop));
        Assert.Equal(2, time.Waits.Count);
    }

    [Fact]
    public async Task A_cut_connection_is_gone_on_with_where_it_was_cut()
    {
        var content = Bytes(100_000, 1);
        await using var hub = await FakeHub.Start([("model.gguf", content)], static () => FakeHub.With(cutAfter: 40_000));
        var pulled = await Pull(hub).Pull(Reference, _progress.Enqueue, Stop);
        Assert.Equal(content, await File.ReadAllBytesAsync(pulled.File, Stop));
        Assert.True(hub.Given.Count >= 3);
        Assert.All(hub.Given.Skip(1), static given => Assert.NotNull(given.Range));
    }

    [Fact]
    public async Task What_an_earlier_pull_has_left_is_not_read_again()
    {
        var content = Bytes(100_000, 1);
        await using var hub = await FakeHub.Start([("model.gguf", content)]);
        var whole = await Pull(hub).Pull(Reference, _progress.Enqueue, Stop);
        File.Delete(Path.Combine(whole.Folder, "pulled.json"));
        await File.WriteAllBytesAsync(whole.File + ".part", content[..60_000], Stop);
        File.Delete(whole.File);

        var pulled = await Pull(hub).Pull(Reference, _progress.Enqueue, Stop);
        Assert.Equal(content, await File.ReadAllBytesAsync(pulled.File, Stop));
        Assert.Equal("bytes=60000-", hub.Given.Last().Range);
    }

    [Fact]
    public async Task A_server_that_knows_no_ranges_gives_the_file_from_its_beginning()
    {
        var content = Bytes(100_000, 1);
        await using var hub = await FakeHub.Start([("model.gguf", content)], static () => FakeHub.With(ignoresRanges: true));
        var folder = await Pull(hub).Pull(Reference, _progress.Enqueue, Stop);
        File.Delete(Path.Combine(folder.Folder, "pulled.json"));
        File.Move(folder.File, folder.File + ".part");
        await File.WriteAllBytesAsync(folder.File + ".part", content[..60_000], Stop);

        var pulled = await Pull(hub).Pull(Reference, _progress.Enqueue, Stop);
        Assert.Equal(content, await File.ReadAllBytesAsync(pulled.File, Stop));
    }

    [Fact]
    public async Task Content_of_another_checksum_is_thrown_away()
    {
        await using var hub = await FakeHub.Start([("model.gguf", Bytes(1000, 1))], static () => FakeHub.With(isDamaged: true));
        var fault = await Assert.ThrowsAsync<HubException>(() => Pull(hub).Pull(Reference, _progress.Enqueue, Stop));
        Assert.Contains("checksum", fault.Message, StringComparison.Ordinal);
        Assert.Null(new ModelFolder(_folder.Path).Find(Reference));
        Assert.DoesNotContain(Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories), static file => new FileInfo(file).Length > 0 && file.Contains("model.gguf", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_file_of_which_no_more_comes_is_given_up_and_its_beginning_kept()
    {
        await using var hub = await FakeHub.Start([("model.gguf", Bytes(1000, 1))]);
        hub.Gate = Task.FromException(new InvalidOperationException());
        var fault = await Assert.ThrowsAsync<HubException>(() => Pull(hub).Pull(Reference, _progress.Enqueue, Stop));
        Assert.Contains("3 tries brought no more", fault.Message, StringComparison.Ordinal);
        Assert.Equal(3, hub.Given.Count);
    }

    [Fact]
    public async Task A_repository_that_is_not_given_says_what_to_do()
    {
        await using var hub = await FakeHub.Start([("model.gguf", [1])], static () => FakeHub.With(isPrivate: true));
        var closed = await Assert.ThrowsAsync<HubException>(() => Pull(hub).Pull(Reference, _progress.Enqueue, Stop));
        Assert.Contains("HF_TOKEN is not set", closed.Message, StringComparison.Ordinal);
        var wrong = await Assert.ThrowsAsync<HubException>(() => Pull(hub, "hf_wrong").Pull(Reference, _progress.Enqueue, Stop));
        Assert.Contains("HF_TOKEN may not read it", wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hf_wrong", wrong.Message + wrong.Remedy, StringComparison.Ordinal);
        var missing = await Assert.ThrowsAsync<HubException>(() => Pull(hub, FakeHub.Token).Pull(HubReference.Parse("owner/other"), _progress.Enqueue, Stop));
        Assert.Contains("404", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_split_file_comes_whole()
    {
        byte[][] parts = [Bytes(1000, 1), Bytes(2000, 2), Bytes(500, 3)];
        await using var hub = await FakeHub.Start(parts.Select(static (content, i) => ($"Q4_K_M/model-Q4_K_M-0000{i + 1}-of-00003.gguf", content)));
        var pulled = await Pull(hub).Pull(Reference, _progress.Enqueue, Stop);
        Assert.Equal("model-Q4_K_M-00001-of-00003.gguf", Path.GetFileName(pulled.File));
        Assert.Equal(parts, pulled.Files.Select(file => File.ReadAllBytes(Path.Combine(pulled.Folder, file.Name))));
        Assert.Equal("hf:owner/model-GGUF:model-Q4_K_M", pulled.Reference);
        Assert.Equal(pulled.File, new ModelFolder(_folder.Path).Find(HubReference.Parse(pulled.Reference))?.File);
    }

    [Fact]
    public async Task Two_that_bring_one_model_at_once_bring_it_once()
    {
        await using var hub = await FakeHub.Start([("model.gguf", Bytes(1000, 1))]);
        var gate = new TaskCompletionSource();
        hub.Gate = gate.Task;
        var first = Pull(hub).Pull(Reference, _progress.Enqueue, Stop);
        while (hub.Given.IsEmpty)
        {
            await Task.Delay(5, Stop);
        }

        var waits = new TaskCompletionSource();
        var second = Pull(hub).Pull(Reference, told => { if (told.Note is not null) { waits.TrySetResult(); } }, Stop);
        await waits.Task.WaitAsync(TimeSpan.FromMinutes(1), Stop);
        gate.SetResult();
        Assert.Equal((await first).File, (await second).File);
        Assert.Single(hub.Given);
    }

    [Fact]
    public async Task Offline_asks_nobody()
    {
        await using var hub = await FakeHub.Start([("model.gguf", [1])]);
        var fault = await Assert.ThrowsAsync<HubException>(() => Pull(hub).Have(Reference, offline: true, _progress.Enqueue, Stop));
        Assert.Contains("pull hf:owner/model-GGUF", fault.Remedy, StringComparison.Ordinal);
        Assert.Empty(hub.Asked);
    }

    [Fact]
    public async Task A_removed_model_is_not_found()
    {
        await using var hub = await FakeHub.Start([("model.gguf", [1, 2])]);
        var pulled = await Pull(hub).Pull(Reference, _progress.Enqueue, Stop);
        var folder = new ModelFolder(_folder.Path);
        Assert.Single(folder.List());
        ModelFolder.Remove(pulled);
        Assert.Empty(folder.List());
        Assert.False(File.Exists(pulled.File));
    }

    [Fact]
    public async Task What_an_unfinished_pull_of_an_earlier_content_has_left_goes()
    {
        await using var hub = await FakeHub.Start([("model.gguf", Bytes(100, 1))]);
        var repository = Path.Combine(_folder.Path, "owner", "model-GGUF");
        var (same, other) = (Directory.CreateDirectory(Path.Combine(repository, "0123456789abcdef")).FullName, Directory.CreateDirectory(Path.Combine(repository, "fedcba9876543210")).FullName);
        await File.WriteAllBytesAsync(Path.Combine(same, "model.gguf.part"), [1], Stop);
        await File.WriteAllBytesAsync(Path.Combine(other, "another.gguf.part"), [1], Stop);
        await Pull(hub).Pull(Reference, _progress.Enqueue, Stop);
        Assert.Equal((false, true), (Directory.Exists(same), Directory.Exists(other)));
    }

    [Fact]
    public async Task A_folder_where_no_lock_can_be_made_is_a_fault_and_no_wait()
    {
        await using var hub = await FakeHub.Start([("model.gguf", Bytes(100, 1))]);
        var repository = Directory.CreateDirectory(Path.Combine(_folder.Path, "owner", "model-GGUF")).FullName;
        File.CreateSymbolicLink(Path.Combine(repository, ".lock"), Path.Combine(repository, ".lock"));
        await Assert.ThrowsAsync<HubException>(() => Pull(hub).Pull(Reference, _progress.Enqueue, Stop).WaitAsync(TimeSpan.FromSeconds(30), Stop));
    }

    private static byte[] Bytes(int count, int seed)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private HubPull Pull(FakeHub hub, string? token = null) => new(hub.Settings(token), new ModelFolder(_folder.Path), TimeProvider.System);
}
