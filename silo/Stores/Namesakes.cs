namespace Crescent.Silo.Stores;

/// <summary>
/// A silo's name is its own: a pod that comes again has the name of the one before it and mostly another address, and nobody sees that one's process end. Who comes says that the
/// other is dead, as a supervisor does on one machine; without that it would be looked for for as long as probes are patient. One that does live ends when it reads so.
/// </summary>
internal static partial class Namesakes
{
    /// <summary>Others may write at the same time.</summary>
    private const int MaxTries = 10;

    /// <summary>Declares all silos dead that have <paramref name="name"/>.</summary>
    public static async Task DeclareDead(IMembershipTable table, string name, ILogger logger, CancellationToken cancellationToken)
    {
        await table.InitializeMembershipTableAsync(true, cancellationToken);
        for (var tries = 0; ; tries++)
        {
            var now = await table.ReadAllAsync(cancellationToken);
            if (now.Members.FirstOrDefault(m => m.Item1.SiloName == name && m.Item1.Status is not SiloStatus.Dead) is not (var entry, var etag))
            {
                return;
            }

            cancellationToken.ThrowIfCancellationRequested();
            entry.Status = SiloStatus.Dead;
            if (await table.UpdateRowAsync(entry, etag, now.Version.Next(), cancellationToken))
            {
                Declared(logger, name, entry.SiloAddress);
            }
            else if (tries == MaxTries)
            {
                throw new StoreException($"The former '{name}' could not be declared dead: others have changed the membership {MaxTries} times meanwhile.");
            }
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The former '{Name}' at {Address} is declared dead: this silo has its name")]
    private static partial void Declared(ILogger logger, string name, SiloAddress address);
}
