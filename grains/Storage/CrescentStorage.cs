namespace Crescent.Grains.Storage;

/// <summary>The grain storage that Crescent's own grains use.</summary>
public static class CrescentStorage
{
    /// <summary>Its name.</summary>
    public const string Name = "crescent";
}
