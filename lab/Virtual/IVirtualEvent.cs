namespace Crescent.Lab.Virtual;

/// <summary>Something that happens at a moment of virtual time.</summary>
public interface IVirtualEvent
{
    /// <summary>Happens; the clock stands at its moment.</summary>
    void Fire();
}
