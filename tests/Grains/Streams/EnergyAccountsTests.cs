using Crescent.Grains.Contracts.Chat;
using Crescent.Grains.Streams;

namespace Crescent.Tests.Grains.Streams;

public sealed class EnergyAccountsTests
{
    private static readonly ChatUsage Usage = new() { CompletionTokens = 10, Joules = 2.5 };

    [Fact]
    public void Requests_are_charged_to_their_tenant_and_their_task()
    {
        var accounts = new EnergyAccounts();
        accounts.Charge("a", "t", Usage);
        accounts.Charge("a", "", Usage);
        accounts.Charge("", "t", Usage with { Simulated = true });
        Assert.Equal([new("a", false, 2, 20, 5), new("", true, 1, 10, 2.5)], accounts.Tenants);
        Assert.Equal([new("t", false, 1, 10, 2.5), new("t", true, 1, 10, 2.5)], accounts.Tasks);
    }

    [Fact]
    public void Names_beyond_the_bound_share_one_account_and_nothing_is_lost()
    {
        var accounts = new EnergyAccounts();
        for (var i = 0; i < 3 * EnergyAccounts.MaxNames; i++)
        {
            accounts.Charge($"tenant-{i}", $"task-{i}", Usage);
        }

        accounts.Charge("tenant-0", "task-0", Usage);
        Assert.Equal(EnergyAccounts.MaxNames + 1, accounts.Tenants.Count);
        Assert.Equal(EnergyAccounts.MaxNames + 1, accounts.Tasks.Count);
        Assert.Equal(2, accounts.Tenants.Single(static a => a.Name == "tenant-0").Requests);
        Assert.Equal(2 * EnergyAccounts.MaxNames, accounts.Tenants.Single(static a => a.Name == EnergyAccounts.Other).Requests);
        Assert.Equal(2.5 * ((3 * EnergyAccounts.MaxNames) + 1), accounts.Tenants.Sum(static a => a.Joules), 1e-9);
    }
}
