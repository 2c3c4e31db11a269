using Crescent.Grains.Contracts.Identity;
using Crescent.Silo.Configuration;
using Crescent.Silo.Identity;
using Microsoft.Extensions.Logging.Abstractions;

namespace Crescent.Tests.Silo.Identity;

public sealed class KeyBookTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly KeyStore _store;
    private readonly ProcessKey _own = ProcessKey.Fresh();

    public KeyBookTests() => _store = new KeyStore(_folder.At("keys.json"));

    [Fact]
    public async Task A_key_is_known_by_its_hash_and_nothing_else_is_a_key()
    {
        var alice = await Add("alice", "acme", KeyRole.User);
        var root = await Add("root", "ops", KeyRole.Admin);
        var book = Book();
        Assert.Equal(new Caller("alice", "acme", KeyRole.User), book.Find(alice));
        Assert.Equal(new Caller("root", "ops", KeyRole.Admin), book.Find(root));
        Assert.Null(book.Find(ApiKey.Fresh()));
        Assert.Null(book.Find(""));
        Assert.Null(book.Find(_store.Read().Keys[0].Sha256));
        Assert.Equal(KeyRole.Admin, book.Find(_own.Text)!.Role);
    }

    [Fact]
    public async Task A_change_of_the_file_counts_after_the_next_look()
    {
        var alice = await Add("alice", "acme", KeyRole.User);
        var book = Book();
        var bob = await Add("bob", "acme", KeyRole.User);
        Assert.Null(book.Find(bob));
        book.Refresh();
        Assert.Equal("bob", book.Find(bob)!.Name);
        await _store.Change(file => file with { Keys = [.. file.Keys.Where(static key => key.Name != "alice")] }, TestContext.Current.CancellationToken);
        book.Refresh();
        Assert.Null(book.Find(alice));
    }

    [Fact]
    public async Task A_file_that_is_damaged_or_gone_while_it_runs_leaves_the_last_good_one_in_force()
    {
        var alice = await Add("alice", "acme", KeyRole.User);
        var good = await File.ReadAllTextAsync(_store.Path, TestContext.Current.CancellationToken);
        var book = Book();
        foreach (var damage in new Action[] { () => File.WriteAllText(_store.Path, "{"), () => File.Delete(_store.Path) })
        {
            damage();
            book.Refresh();
            Assert.Equal("alice", book.Find(alice)!.Name);
        }

        await File.WriteAllTextAsync(_store.Path, good.Replace("alice", "alicia", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        book.Refresh();
        Assert.Equal("alicia", book.Find(alice)!.Name);
    }

    [Fact]
    public void A_damaged_file_at_the_start_is_told_with_what_to_do()
    {
        File.WriteAllText(_store.Path, "{");
        var fault = Assert.Throws<StartException>(() => Book());
        Assert.Contains("not a key file", fault.Message, StringComparison.Ordinal);
        Assert.Contains("client key add", fault.Message, StringComparison.Ordinal);
        File.Delete(_store.Path);
        Assert.Contains("There is no key file", Assert.Throws<StartException>(() => Book()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Terms_are_those_of_the_file_then_of_the_configuration_then_of_all()
    {
        await Add("alice", "acme", KeyRole.User);
        await _store.Change(file => file with { Tenants = new Dictionary<string, TenantTerms> { ["acme"] = new() { Concurrent = 1 } } }, TestContext.Current.CancellationToken);
        var book = Book(new AuthOptions
        {
            Tenants = { ["acme"] = new TenantTerms { Concurrent = 2 }, ["beta"] = new TenantTerms { Concurrent = 3 } },
            Terms = new TenantTerms { Concurrent = 4 },
        });
        Assert.Equal([1, 3, 4], new[] { "acme", "beta", "other" }.Select(tenant => book.TermsOf(tenant).Concurrent));
        Assert.Null(book.TermsOf(ProcessKey.Tenant).Concurrent);
    }

    public void Dispose() => _folder.Dispose();

    private KeyBook Book(AuthOptions? options = null)
    {
        options ??= new AuthOptions();
        (options.Mode, options.Keys) = (AuthMode.Keys, _store.Path);
        return new KeyBook(options, _own, NullLogger<KeyBook>.Instance);
    }

    private Task<string> Add(string name, string tenant, KeyRole role) => TestKeys.Add(_store, name, tenant, role);
}
