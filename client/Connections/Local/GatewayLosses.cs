namespace Crescent.Client.Connections.Local;

/// <summary>
/// Tells waiting streams that a gateway has gone. A call through it would otherwise hang for Orleans' whole response time-out,
/// and the client cannot tell which calls those are: each stream gets a short time to show that it is not one of them.
/// </summary>
internal sealed class GatewayLosses
{
    /// <summary>Longest silence of a stream after some gateway has gone.</summary>
    public static readonly TimeSpan PatienceAfterOne = TimeSpan.FromSeconds(10);

    /// <summary>Longest silence after the last gateway has gone: time for what has already arrived.</summary>
    public static readonly TimeSpan PatienceAfterAll = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly List<Alarm> _alarms = [];

    /// <summary>Takes the client's news of its gateways.</summary>
    public void OnCountChanged(object? sender, GatewayCountChangedEventArgs news)
    {
        if (news.NumberOfConnectedGateways >= news.PreviousNumberOfConnectedGateways)
        {
            return;
        }

        var patience = news.NumberOfConnectedGateways > 0 ? PatienceAfterOne : PatienceAfterAll;
        lock (_gate)
        {
            foreach (var alarm in _alarms)
            {
                alarm.Sound(patience);
            }
        }
    }

    /// <summary>An alarm for one stream.</summary>
    public Alarm Watch()
    {
        var alarm = new Alarm(this);
        lock (_gate)
        {
            _alarms.Add(alarm);
        }

        return alarm;
    }

    /// <summary>Ends a stream that has been silent for too long after a loss.</summary>
    public sealed class Alarm(GatewayLosses owner) : IDisposable
    {
        private readonly CancellationTokenSource _source = new();
        private bool _sounded;

        /// <summary>Cancelled when the stream must be given up.</summary>
        public CancellationToken Token => _source.Token;

        /// <summary>A gateway has gone: the stream has <paramref name="patience"/> to show that it lives.</summary>
        public void Sound(TimeSpan patience)
        {
            lock (owner._gate)
            {
                _sounded = true;
                _source.CancelAfter(patience);
            }
        }

        /// <summary>The stream has just shown that it lives.</summary>
        public void Progress()
        {
            lock (owner._gate)
            {
                if (_sounded)
                {
                    _source.CancelAfter(PatienceAfterOne);
                }
            }
        }

        public void Dispose()
        {
            lock (owner._gate)
            {
                owner._alarms.Remove(this);
                _source.Dispose();
            }
        }
    }
}
