namespace Crescent.Silo.Identity;

/// <summary>On which address an endpoint is, as its metadata says; without a word it is the users'.</summary>
internal enum ServedOn
{
    /// <summary>That of those who run the cluster, where there is one.</summary>
    Ops,

    /// <summary>Both.</summary>
    Both,
}
