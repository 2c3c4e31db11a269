using Crescent.Engine.Kv;

namespace Crescent.Grains.Telemetry.Kv;

/// <summary>What a chain of block hashes starts from, but for the tenant's salt; as <see cref="BlockHash.Root"/> takes it.</summary>
/// <param name="Model">The model.</param>
/// <param name="KvType">How keys and values are stored.</param>
internal readonly record struct KvRoot(string Model, string KvType);
