namespace Crescent.Grains.Sessions;

/// <summary>Names a session in the cluster. Two tenants may give theirs the same id.</summary>
/// <param name="Tenant">Whose it is; empty for nobody.</param>
/// <param name="Session">The id that the tenant gave it.</param>
internal readonly record struct SessionKey(string Tenant, string Session)
{
    // The length keeps ("ab", "c") apart from ("a", "bc").
    public override string ToString() => $"{Tenant.Length}:{Tenant}{Session}";
}
