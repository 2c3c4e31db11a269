using Crescent.Client.Commands;
using Crescent.Grains.Contracts.Identity;

namespace Crescent.Tests.Client.Commands;

public sealed class KeyCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTerminal _terminal = new();

    private string File => _folder.At("keys.json");

    [Fact]
    public async Task A_new_key_is_shown_once_and_only_its_hash_is_kept()
    {
        Assert.Equal(0, await Run("add", "alice", "--role", "admin", "--tenant", "acme"));
        var key = _terminal.Output.Trim();
        Assert.True(ApiKey.IsKey(key));
        var entry = Assert.Single(new KeyStore(File).Read().Keys);
        Assert.Equal(("alice", KeyRole.Admin, "acme"), (entry.Name, entry.Role, entry.Tenant));
        Assert.Equal(Convert.ToHexStringLower(ApiKey.Hash(key)), entry.Sha256);
        Assert.DoesNotContain(key["crescent_".Length..], await System.IO.File.ReadAllTextAsync(File, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Contains("only time", _terminal.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Quotas_are_the_tenants_and_a_later_key_changes_what_it_names()
    {
        await Run("add", "alice", "--tenant", "acme", "--requests-per-minute", "60", "--tokens-per-minute", "5000");
        await Run("add", "bob", "--tenant", "acme", "--requests-per-minute", "90", "--concurrent", "4", "--joules-per-hour", "1e6", "--share-cache");
        await Run("add", "carol");
        var file = new KeyStore(File).Read();
        Assert.Equal(
            new TenantTerms { RequestsPerMinute = 90, TokensPerMinute = 5000, Concurrent = 4, JoulesPerHour = 1e6, ShareCache = true },
            Assert.Single(file.Tenants, tenant => tenant.Key == "acme").Value);
        Assert.Equal((KeyRole.User, "carol"), (file.Keys[2].Role, file.Keys[2].Tenant));
        Assert.Equal(0, await Run("list"));
        Assert.Contains("5,000", _terminal.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(file.Keys[0].Sha256, _terminal.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_removed_key_is_gone_and_the_quota_goes_with_the_tenants_last()
    {
        await Run("add", "alice", "--tenant", "acme", "--concurrent", "2");
        await Run("add", "bob", "--tenant", "acme");
        Assert.Equal(0, await Run("remove", "alice"));
        Assert.Equal(2, new KeyStore(File).Read().Tenants["acme"].Concurrent);
        Assert.Equal(0, await Run("remove", "bob"));
        Assert.Empty(new KeyStore(File).Read().Tenants);
        Assert.Equal(1, await Run("remove", "bob"));
        Assert.Contains("no key 'bob'", _terminal.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1 to 64 letters", "a/b")]
    [InlineData("--tenant takes", "a", "--tenant", "x y")]
    [InlineData("'boss'", "a", "--role", "boss")]
    [InlineData("--requests-per-minute takes a whole number from 1 to 1000000, not '0'", "a", "--requests-per-minute", "0")]
    [InlineData("--concurrent takes", "a", "--concurrent", "many")]
    [InlineData("--joules-per-hour takes a number from 1 to", "a", "--joules-per-hour", "0.5")]
    [InlineData("There is a key 'taken'", "taken")]
    public async Task What_it_does_not_take_is_named_and_changes_nothing(string said, params string[] args)
    {
        await Run("add", "taken");
        Assert.Equal(1, await Run(["add", .. args]));
        Assert.Contains(said, _terminal.Error, StringComparison.Ordinal);
        Assert.Single(new KeyStore(File).Read().Keys);
    }

    [Fact]
    public async Task A_damaged_file_is_left_as_it_is()
    {
        await System.IO.File.WriteAllTextAsync(File, "{", TestContext.Current.CancellationToken);
        Assert.Equal(1, await Run("add", "alice"));
        Assert.Contains("is not a key file", _terminal.Error, StringComparison.Ordinal);
        Assert.Equal("{", await System.IO.File.ReadAllTextAsync(File, TestContext.Current.CancellationToken));
    }

    public void Dispose() => _folder.Dispose();

    private Task<int> Run(params string[] args) => ClientCommandLine.Run(
        ["key", .. args, "--file", File], _terminal.Terminal, static (_, _) => throw new InvalidOperationException("No connection is needed."));
}
