namespace Crescent.Control.Power;

/// <summary>The levels of a factory at which power has a budget, from the largest.</summary>
public enum PowerLevelKind
{
    Cluster,
    Rack,
    Node,
    Device,
}
