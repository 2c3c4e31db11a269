using Crescent.Engine.Devices;
using Crescent.Engine.Kv;

namespace Crescent.Grains.Kv;

/// <summary>
/// What the blocks of a prefix cache are known by, but for the tenant's salt: what a chain of their hashes starts from, as <see cref="BlockHash.Root"/> takes it,
/// and how long its blocks are.
/// </summary>
/// <param name="Model">The model.</param>
/// <param name="KvType">How keys and values are stored.</param>
/// <param name="BlockSize">Positions in a block.</param>
internal readonly record struct KvRoot(string Model, string KvType, KvBlockSize BlockSize);
