namespace Crescent.Client.Rendering;

/// <summary>The tables of <c>top</c>.</summary>
internal enum TopPage
{
    /// <summary>A row a device.</summary>
    Devices,

    /// <summary>A row a model.</summary>
    Models,

    /// <summary>A row a tenant, and one an agent task.</summary>
    Tenants,
}
