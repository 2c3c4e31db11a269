using Crescent.Client.Load.Measures;
using Crescent.Client.Load.Plans;

namespace Crescent.Client.Load.Runs;

/// <summary>Makes calls, and measures what comes of them.</summary>
internal interface ICaller : IDisposable
{
    /// <summary>Connections opened so far; 0 where they are not this one's to open.</summary>
    int Connections { get; }

    /// <summary>Chunks that have come so far.</summary>
    long Chunks { get; }

    /// <summary>Texts of the first answers, with the tokens that the server says they have.</summary>
    IReadOnlyList<(string Text, int Tokens)> Texts { get; }

    /// <summary>Makes a call.</summary>
    /// <param name="call">What is asked.</param>
    /// <param name="record">What is known of it before it starts.</param>
    /// <param name="gaps">Where gaps between chunks are counted; null while nothing is measured.</param>
    /// <param name="slowSeconds">Pause between two reads of one that reads slowly; 0 for others.</param>
    /// <param name="cancellationToken">Ends the opening of a connection; what is under way is ended by <see cref="CutAll"/>.</param>
    Task<CallRecord> Make(PlannedCall call, CallRecord record, Histogram? gaps, double slowSeconds, CancellationToken cancellationToken);

    /// <summary>Cuts all that is under way, and what begins later.</summary>
    void CutAll();
}
