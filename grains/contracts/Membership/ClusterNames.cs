namespace Crescent.Grains.Contracts.Membership;

/// <summary>Names that silos and clients must agree on.</summary>
public static class ClusterNames
{
    /// <summary>Orleans' service id: the same for every run of Crescent, unlike the cluster id.</summary>
    public const string ServiceId = "crescent";
}
