using Crescent.Grains.Models;

namespace Crescent.Grains.Configuration;

/// <summary>A device that a silo may open.</summary>
/// <param name="Name">Its name, unique in the silo; the same as its engine says.</param>
/// <param name="Open">Opens it; again after it was closed.</param>
/// <param name="Model">What it serves until it is to load another; null where the silo has no catalogue.</param>
/// <param name="Check">Says why it cannot serve a model, or null when it can; null where all will do.</param>
public sealed record DevicePlan(string Name, DeviceFactory Open, ServedModel? Model = null, Func<ServedModel, string?>? Check = null);
