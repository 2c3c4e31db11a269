namespace Crescent.Silo.Supervision;

/// <summary>How the start of a silo went.</summary>
internal enum SiloStage
{
    /// <summary>It is a member of the cluster and serves.</summary>
    Ready,

    /// <summary>It cannot start.</summary>
    Failed,
}
