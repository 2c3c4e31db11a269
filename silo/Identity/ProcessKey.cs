using System.Security.Cryptography;
using Crescent.Grains.Contracts.Identity;
using Crescent.Silo.Configuration;

namespace Crescent.Silo.Identity;

/// <summary>
/// The key that a front end's own requests carry, and those of the supervisor that started it, which hands it over in the environment: never on a command
/// line, which others on the machine can read.
/// </summary>
internal sealed class ProcessKey
{
    /// <summary>Environment variable in which a supervisor hands it to its silos.</summary>
    public const string Variable = "CRESCENT_PROCESS_KEY";

    /// <summary>The tenant of requests with it.</summary>
    public const string Tenant = KeyFile.ReservedTenant;

    private readonly byte[] _hash;

    private ProcessKey(string text)
    {
        Text = text;
        _hash = ApiKey.Hash(text);
    }

    /// <summary>Who comes with it.</summary>
    public Caller Caller { get; } = new("crescent", Tenant, KeyRole.Admin);

    /// <summary>The key.</summary>
    public string Text { get; }

    /// <summary>The value of the header that carries it.</summary>
    public string Header => $"{KeyHandler.Bearer} {Text}";

    /// <summary>One that nobody has.</summary>
    public static ProcessKey Fresh() => new(ApiKey.Fresh());

    /// <summary>That of the supervisor, or a fresh one where there is none.</summary>
    /// <exception cref="StartException">What stands there is no key: it would be easier to guess.</exception>
    public static ProcessKey OfEnvironment() => Environment.GetEnvironmentVariable(Variable) switch
    {
        null or "" => Fresh(),
        var text when ApiKey.IsKey(text) => new ProcessKey(text),
        _ => throw new StartException($"{Variable} holds no key; it is set by a supervisor, leave it out."),
    };

    /// <summary>Whether <paramref name="hash"/> is that of this key.</summary>
    public bool Is(ReadOnlySpan<byte> hash) => CryptographicOperations.FixedTimeEquals(hash, _hash);
}
