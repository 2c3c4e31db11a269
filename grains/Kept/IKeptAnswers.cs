using Crescent.Engine.Scheduling;
using Crescent.Grains.Requests;

namespace Crescent.Grains.Kept;

/// <summary>A front end's way to answers that outlive it: they are made and kept in another silo, where there is one, and this one only reads them.</summary>
public interface IKeptAnswers
{
    /// <summary>Finds what was asked for by a key before, or claims the key.</summary>
    /// <param name="tenant">Whose key it is.</param>
    /// <param name="key">The caller's key.</param>
    /// <param name="body">Hash of what is asked for.</param>
    /// <param name="cancellation">The caller's leaving.</param>
    /// <exception cref="RequestRefusedException">No silo can be reached that would know.</exception>
    Task<KeptCall> Claim(string tenant, string key, byte[] body, CancellationToken cancellation);

    /// <summary>Gives a claimed key back: the request is not answered.</summary>
    Task Release(KeptCall call);

    /// <summary>Begins the answer to a claimed call, or joins that of another.</summary>
    /// <param name="call">Which.</param>
    /// <param name="request">What is to be made; of one that is joined, the same made again.</param>
    /// <param name="created">When it came, in seconds since 1970.</param>
    /// <param name="lease">Given back when the answer has come to its end, and no sooner; null for none.</param>
    /// <exception cref="RequestRefusedException">There is no room for it, or no silo takes it.</exception>
    Task<KeptStream> Open(KeptCall call, PreparedRequest request, long created, IDisposable? lease);
}
