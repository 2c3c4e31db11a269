using System.CommandLine;
using System.Globalization;
using Crescent.Client.Connections;
using Crescent.Client.Terminals;
using Crescent.Grains.Contracts.Identity;

namespace Crescent.Client.Commands;

/// <summary><c>key add</c>: makes a key, writes its hash into the file and the key to the output, once.</summary>
internal sealed class KeyAddCommand : Command
{
    private readonly Argument<string> _name = new("NAME") { Description = "Name of the key, unique in the file" };

    private readonly Option<string> _role = new("--role")
    {
        HelpName = "ROLE",
        Description = "user: inference. admin: that, and drain, power, models, decisions (default: user)",
        DefaultValueFactory = _ => "user",
    };

    private readonly Option<string?> _tenant = new("--tenant")
    {
        HelpName = "TENANT",
        Description = "Whose requests those with this key are: what shares fairly, what quotas and cached prefixes belong to (default: NAME)",
    };

    private readonly Option<int?> _requests = NumberOption.Create<int>(
        "--requests-per-minute",
        "Quota of the tenant, over all its keys, at each front end (default: as it was, without limit for a new one)",
        "N",
        $"a whole number from 1 to {TenantTerms.MaxRequestsPerMinute}",
        v => v is >= 1 and <= TenantTerms.MaxRequestsPerMinute);

    private readonly Option<long?> _tokens = NumberOption.Create<long>(
        "--tokens-per-minute",
        "The same in prompt and output tokens",
        "N",
        $"a whole number from 1 to {TenantTerms.MaxTokensPerMinute}",
        v => v is >= 1 and <= TenantTerms.MaxTokensPerMinute);

    private readonly Option<int?> _concurrent = NumberOption.Create<int>(
        "--concurrent",
        "The same in sequences at once: each answer of a request is one",
        "N",
        $"a whole number from 1 to {TenantTerms.MaxConcurrent}",
        v => v is >= 1 and <= TenantTerms.MaxConcurrent);

    private readonly Option<double?> _joules = NumberOption.Create<double>(
        "--joules-per-hour",
        "The same in joules",
        "J",
        string.Create(CultureInfo.InvariantCulture, $"a number from {TenantTerms.MinJoulesPerHour} to {TenantTerms.MaxJoulesPerHour}"),
        v => v is >= TenantTerms.MinJoulesPerHour and <= TenantTerms.MaxJoulesPerHour);

    private readonly Option<bool> _share = new("--share-cache")
    {
        Description = "Let the tenant share cached prefixes with others that do: faster, but an answer's cached_tokens then tell what others have sent (default: off)",
    };

    private readonly Option<FileInfo?> _file = KeyCommand.File();

    private readonly Terminal _terminal;

    public KeyAddCommand(Terminal terminal) : base("add", "Make a key: 256 random bits. It is shown once; the file keeps its hash alone.")
    {
        _terminal = terminal;
        _role.AcceptOnlyFromAmong("user", "admin");
        _name.Validators.Add(static result => KeyCommand.CheckName(result, "NAME"));
        _tenant.Validators.Add(static result => KeyCommand.CheckName(result, "--tenant"));
        Arguments.Add(_name);
        foreach (var option in new Option[] { _role, _tenant, _requests, _tokens, _concurrent, _joules, _share, _file })
        {
            Options.Add(option);
        }

        SetAction((parsed, _) => KeyCommand.Guarded(_terminal, interrupted => Add(parsed, interrupted)));
    }

    private async Task Add(ParseResult parsed, CancellationToken interrupted)
    {
        var name = parsed.GetValue(_name)!;
        var tenant = parsed.GetValue(_tenant) ?? name;
        var store = KeyCommand.Store(parsed.GetValue(_file));
        var key = ApiKey.Fresh();
        var role = parsed.GetValue(_role) == "admin" ? KeyRole.Admin : KeyRole.User;
        var entry = new KeyEntry(name, Convert.ToHexStringLower(ApiKey.Hash(key)), role, tenant, TimeProvider.System.GetUtcNow());
        await store.Change(
            file => file.Keys.Any(k => k.Name == name)
                ? throw new FactoryException($"There is a key '{name}' in {store.Path}", "Choose another name, or remove that one first with `key remove`.")
                : file with { Keys = [.. file.Keys, entry], Tenants = Terms(file.Tenants, tenant, parsed) },
            interrupted);
        _terminal.WriteData(key);
        Terminal.WriteNote(
            _terminal.Error,
            $"Key '{name}' ({parsed.GetValue(_role)}, tenant {tenant}) is in {store.Path}. This is the only time that it is shown; send it as 'Authorization: Bearer KEY'.");
    }

    private Dictionary<string, TenantTerms> Terms(IReadOnlyDictionary<string, TenantTerms> tenants, string tenant, ParseResult parsed)
    {
        var had = tenants.GetValueOrDefault(tenant, TenantTerms.Unlimited);
        var terms = had with
        {
            RequestsPerMinute = parsed.GetValue(_requests) ?? had.RequestsPerMinute,
            TokensPerMinute = parsed.GetValue(_tokens) ?? had.TokensPerMinute,
            Concurrent = parsed.GetValue(_concurrent) ?? had.Concurrent,
            JoulesPerHour = parsed.GetValue(_joules) ?? had.JoulesPerHour,
            ShareCache = parsed.GetValue(_share) || had.ShareCache,
        };
        var all = new Dictionary<string, TenantTerms>(tenants);
        if (terms != TenantTerms.Unlimited)
        {
            all[tenant] = terms;
        }

        return all;
    }
}
