using Crescent.Grains.Contracts.Chat;

namespace Crescent.Grains.Streams;

/// <summary>
/// Sums of this front end's requests by tenant and by agent task. Names come from outside and are without end, so the first
/// <see cref="MaxNames"/> of each have an account of their own and the rest share one.
/// </summary>
public sealed class EnergyAccounts
{
    /// <summary>Tenants, and tasks, with an account of their own.</summary>
    public const int MaxNames = 64;

    /// <summary>The account of all others.</summary>
    public const string Other = "other";

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Name, bool Simulated), EnergyAccount> _tenants = [];
    private readonly Dictionary<(string Name, bool Simulated), EnergyAccount> _tasks = [];

    /// <summary>Told of each charge: whose it is, and what the request took.</summary>
    public event Action<string, ChatUsage>? Charged;

    /// <summary>Accounts of the tenants; the empty name is that of requests that name none.</summary>
    public IReadOnlyList<EnergyAccount> Tenants => Snapshot(_tenants);

    /// <summary>Accounts of the agent tasks.</summary>
    public IReadOnlyList<EnergyAccount> Tasks => Snapshot(_tasks);

    /// <summary>Charges what a request took.</summary>
    public void Charge(string tenant, string task, ChatUsage usage)
    {
        lock (_lock)
        {
            Charge(_tenants, tenant, usage);
            if (task.Length > 0)
            {
                Charge(_tasks, task, usage);
            }
        }

        Charged?.Invoke(tenant, usage);
    }

    private static void Charge(Dictionary<(string Name, bool Simulated), EnergyAccount> accounts, string name, ChatUsage usage)
    {
        var known = accounts.ContainsKey((name, true)) || accounts.ContainsKey((name, false));
        name = known || accounts.Keys.Select(static key => key.Name).Distinct().Count() < MaxNames ? name : Other;
        var key = (name, usage.Simulated);
        var account = accounts.GetValueOrDefault(key, new EnergyAccount(name, usage.Simulated, 0, 0, 0));
        accounts[key] = account with
        {
            Requests = account.Requests + 1,
            OutputTokens = account.OutputTokens + usage.CompletionTokens,
            Joules = account.Joules + usage.Joules,
        };
    }

    private EnergyAccount[] Snapshot(Dictionary<(string Name, bool Simulated), EnergyAccount> accounts)
    {
        lock (_lock)
        {
            return [.. accounts.Values];
        }
    }
}
