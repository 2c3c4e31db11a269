namespace Crescent.Silo.Configuration;

/// <summary>What a silo does in its cluster.</summary>
public enum SiloRole
{
    /// <summary>HTTP front end and devices in one process.</summary>
    All,

    /// <summary>HTTP front end without devices and without an Orleans gateway.</summary>
    Front,

    /// <summary>Owns devices; no HTTP.</summary>
    Device,
}
