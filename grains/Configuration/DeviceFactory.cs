using Crescent.Engine.Scheduling;
using Crescent.Grains.Models;

namespace Crescent.Grains.Configuration;

/// <summary>
/// Builds one device's engine and starts its thread. Called before the silo joins the cluster, and by the device's grain when the device was closed, on a thread of its own, so that loading a model never
/// delays a membership probe. What it gives is disposed when the grain is deactivated.
/// </summary>
/// <param name="services">The silo's services.</param>
/// <param name="sink">Takes the engine's outputs; only for this engine, called on its one thread.</param>
/// <param name="model">The model that it is to serve; null where the silo has no catalogue.</param>
public delegate OwnedEngine DeviceFactory(IServiceProvider services, IEngineSink sink, ServedModel? model);
