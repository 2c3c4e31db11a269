using System.Text;
using Crescent.Grains.Contracts.Identity;

namespace Crescent.Tests.Grains.Contracts;

public sealed class KeyFileTests : IDisposable
{
    private const string Hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void A_key_is_256_random_bits_with_a_mark_before_them()
    {
        var key = ApiKey.Fresh();
        Assert.Matches("^crescent_[A-Za-z0-9_-]{43}$", key);
        Assert.True(ApiKey.IsKey(key));
        Assert.NotEqual(key, ApiKey.Fresh());
        Assert.False(ApiKey.IsKey(key[..^1]));
        Assert.False(ApiKey.IsKey(key["crescent_".Length..]));
        Assert.Equal(Hash, Convert.ToHexStringLower(ApiKey.Hash("test")));
    }

    [Fact]
    public async Task What_is_written_is_read_and_the_owner_alone_may()
    {
        var store = new KeyStore(_folder.At("keys.json"));
        var terms = new TenantTerms { RequestsPerMinute = 60, TokensPerMinute = 100_000, Concurrent = 8, JoulesPerHour = 1.5e6, ShareCache = true };
        var entry = new KeyEntry("alice", Hash, KeyRole.Admin, "acme", DateTimeOffset.UnixEpoch);
        await store.Change(file => file with { Keys = [entry], Tenants = new Dictionary<string, TenantTerms> { ["acme"] = terms } }, TestContext.Current.CancellationToken);
        var read = store.Read();
        Assert.Equal(entry, Assert.Single(read.Keys));
        Assert.Equal(terms, read.Tenants["acme"]);
        Assert.Equal(1, read.Version);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(store.Path));
        }
    }

    [Fact]
    public async Task Changes_at_once_all_count()
    {
        var path = _folder.At("keys.json");
        await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() => new KeyStore(path).Change(
            file => file with { Keys = [.. file.Keys, new KeyEntry($"key-{i}", Hash[..^2] + i.ToString("x2"), KeyRole.User, "acme", DateTimeOffset.UnixEpoch)] },
            TestContext.Current.CancellationToken))));
        Assert.Equal(16, new KeyStore(path).Read().Keys.Count);
    }

    [Theory]
    [InlineData("", "not a key file")]
    [InlineData("{", "not a key file")]
    [InlineData("[]", "not a key file")]
    [InlineData("""{"keys":[]}""", "version none")]
    [InlineData("""{"version":2,"keys":[],"new":1}""", "version 2; this program reads version 1")]
    [InlineData("""{"version":1}""", "keys")]
    [InlineData("""{"version":1,"keys":[],"tenant":{}}""", "tenant")]
    [InlineData("""{"version":1,"keys":null}""", "not a key file")]
    [InlineData("""{"version":1,"keys":[null]}""", "one of its keys is null")]
    [InlineData("""{"version":1,"keys":[],"tenants":{"acme":null}}""", "tenant 'acme' is null")]
    [InlineData("""{"version":1,"keys":[{"name":"a","sha256":"HASH","role":"user","tenant":"warm-up","created":"2026-01-01T00:00:00Z"}]}""", "the front end's own")]
    [InlineData("""{"version":1,"keys":[{"name":"a","sha256":"HASH","role":"user","tenant":"a"}]}""", "created")]
    [InlineData("""{"version":1,"keys":[{"name":"a","sha256":"HASH","role":"boss","tenant":"a","created":"2026-01-01T00:00:00Z"}]}""", "role")]
    [InlineData("""{"version":1,"keys":[{"name":"a","sha256":"HAS","role":"user","tenant":"a","created":"2026-01-01T00:00:00Z"}]}""", "64 hexadecimal digits")]
    [InlineData("""{"version":1,"keys":[{"name":"a/b","sha256":"HASH","role":"user","tenant":"a","created":"2026-01-01T00:00:00Z"}]}""", "'a/b' takes 1 to 64 letters")]
    [InlineData("""{"version":1,"keys":[{"name":"a","sha256":"HASH","role":"user","tenant":"a/b","created":"2026-01-01T00:00:00Z"}]}""", "'a/b' of key 'a'")]
    [InlineData("""{"version":1,"keys":[],"tenants":{"a":{"requests_per_minute":0}}}""", "tenant 'a': requests_per_minute is 0; it takes 1 to 1000000")]
    [InlineData("""{"version":1,"keys":[],"tenants":{"a":{"joules_per_hour":0.5}}}""", "joules_per_hour is 0.5")]
    [InlineData("""{"version":1,"keys":[],"tenants":{"a":{"request_per_minute":5}}}""", "request_per_minute")]
    public void A_damaged_file_is_told_by_its_path_and_what_is_wrong(string json, string said)
    {
        var path = _folder.Write("keys.json", Encoding.UTF8.GetBytes(json.Replace("HASH", Hash, StringComparison.Ordinal)));
        var fault = Assert.Throws<KeyFileException>(() => new KeyStore(path).Read());
        Assert.Contains(path, fault.Message, StringComparison.Ordinal);
        Assert.Contains(said, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_there_is_told_by_its_path()
    {
        var fault = Assert.Throws<KeyFileException>(() => new KeyStore(_folder.At("none.json")).Read());
        Assert.Contains("no key file", fault.Message, StringComparison.Ordinal);
        Assert.Contains("none.json", fault.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();
}
