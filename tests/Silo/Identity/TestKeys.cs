using Crescent.Grains.Contracts.Identity;

namespace Crescent.Tests.Silo.Identity;

/// <summary>Makes keys as the console does.</summary>
internal static class TestKeys
{
    /// <summary>Adds a key, and the terms of its tenant where there are any, and gives its text.</summary>
    public static async Task<string> Add(KeyStore store, string name, string tenant, KeyRole role, TenantTerms? terms = null)
    {
        var key = ApiKey.Fresh();
        await store.Change(
            file => file with
            {
                Keys = [.. file.Keys, new KeyEntry(name, Convert.ToHexStringLower(ApiKey.Hash(key)), role, tenant, DateTimeOffset.UnixEpoch)],
                Tenants = terms is null ? file.Tenants : new Dictionary<string, TenantTerms>(file.Tenants) { [tenant] = terms },
            },
            TestContext.Current.CancellationToken);
        return key;
    }
}
