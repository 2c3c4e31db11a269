using Crescent.Grains.Models;

namespace Crescent.Grains.Configuration;

/// <summary>What a silo is and owns.</summary>
public sealed class CrescentSiloOptions
{
    /// <summary>Name of the model that the cluster serves, the same in every silo.</summary>
    public required string Model { get; init; }

    /// <summary>All models of the cluster, the same in every silo; null where requests come as tokens only.</summary>
    public ModelCatalogue? Models { get; init; }

    /// <summary>For humans: <c>front</c>, <c>device</c> or <c>all</c>.</summary>
    public string Role { get; init; } = "all";

    /// <summary>Node of all its devices; null for what they say themselves, or else the silo's name.</summary>
    public string? Node { get; init; }

    /// <summary>Rack of all its devices; null for what they say themselves, or else none.</summary>
    public string? Rack { get; init; }

    /// <summary>One for each device that the silo owns; none in a front end.</summary>
    public IReadOnlyList<DevicePlan> Devices { get; init; } = [];

    /// <summary>
    /// Whether the silo has been given a grain storage of the name <see cref="Storage.CrescentStorage.Name"/>; otherwise the state of grains is kept in memory, where it goes with its silo.
    /// </summary>
    public bool KeepsState { get; init; }
}
