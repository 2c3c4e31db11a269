namespace Crescent.Silo.Configuration;

/// <summary>How a front end knows who calls it.</summary>
public enum AuthMode
{
    /// <summary>It asks nobody: whoever reaches it may do all.</summary>
    None,

    /// <summary>By a key of the key file.</summary>
    Keys,

    /// <summary>By a token of an issuer (JSON Web Token), and by a key where a key file is named as well.</summary>
    Jwt,
}
