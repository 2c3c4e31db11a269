using Crescent.Engine.Devices.Cpu.Weights;

namespace Crescent.Engine.Devices.Cpu.Layers;

/// <summary>Rows of activations that a product reads.</summary>
/// <param name="Source">Where they lie.</param>
/// <param name="Columns">Values in a row.</param>
internal readonly record struct ActivationView(ActivationRows Source, int Columns);
