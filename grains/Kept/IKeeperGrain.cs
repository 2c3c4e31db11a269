namespace Crescent.Grains.Kept;

/// <summary>
/// Makes and keeps answers in its silo for front ends in others, which may die meanwhile; its key is <c>silo/kept</c>. Found by its name and the members of the
/// cluster alone (<see cref="KeptHomes"/>): a directory loses a part of its entries with each silo.
/// </summary>
[Alias("Crescent.IKeeperGrain")]
public interface IKeeperGrain : IGrainWithStringKey
{
    /// <summary>Finds the answer to a request here or in the silos that come next, or claims its key, in this silo or, where this one asks itself, the next.</summary>
    [Alias("Claim"), ResponseTimeout("00:00:05")]
    Task<KeptReply> Claim(KeptAsk ask);

    /// <summary>The same in this silo alone.</summary>
    [Alias("ClaimHere"), ResponseTimeout("00:00:03")]
    Task<KeptReply> ClaimHere(KeptAsk ask);

    /// <summary>Whether this silo has anything under a key.</summary>
    [Alias("Has"), ResponseTimeout("00:00:01")]
    Task<bool> Has(string key);

    /// <summary>Gives a key back that was claimed.</summary>
    [Alias("Release"), ResponseTimeout("00:00:05")]
    Task Release(string key, long claim);

    /// <summary>Begins an answer, or goes on with what another keeper has lost.</summary>
    [Alias("Start"), ResponseTimeout("00:00:10")]
    Task<KeptReply> Start(KeptStart start);

    /// <summary>More of an answer. Where there is none yet, it waits for some seconds.</summary>
    [Alias("Read"), ResponseTimeout("00:00:06")]
    Task<KeptPage> Read(KeptRead read);
}
