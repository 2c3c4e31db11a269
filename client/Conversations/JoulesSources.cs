using Crescent.Client.Connections;

namespace Crescent.Client.Conversations;

/// <summary>Where an answer's joules come from: as it tells, else asked of the factory once a device.</summary>
internal sealed class JoulesSources
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Dictionary<string, string> _sources = [];

    /// <summary>The answer with its source filled in where the factory tells it; a factory that does not is no failure.</summary>
    public async Task<Answer> Complete(Answer answer, IFactoryConnection connection, CancellationToken cancellationToken)
    {
        if (answer.Usage is not { Device.Length: > 0 } usage)
        {
            return answer;
        }

        if (usage.EnergySource.Length > 0)
        {
            return answer with { JoulesSource = usage.EnergySource };
        }

        if (!_sources.TryGetValue(usage.Device, out var source))
        {
            try
            {
                var factory = await Deadlines.Within(connection.GetFactory, Patience, cancellationToken);
                foreach (var device in factory.Devices)
                {
                    _sources[$"{device.Silo}/{device.Device}"] = device.WattsSource;
                }
            }
            catch (Exception e) when (e is FactoryException or TimeoutException or OperationCanceledException)
            {
                return answer;
            }

            source = _sources.GetValueOrDefault(usage.Device);
        }

        return answer with { JoulesSource = source };
    }
}
