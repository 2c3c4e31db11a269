using System.Text.Json.Nodes;
using CsCheck;

namespace Crescent.Tests.Engine.Sampling.Grammars;

/// <summary>What is apart from the rest, so that measurements without a test library can use that.</summary>
internal static partial class RandomSchemas
{
    /// <summary>A schema; the seed decides all of it.</summary>
    public static Gen<JsonNode> Schema { get; } = Gen.Int.Select(JsonNode (seed) => Document(new Random(seed)));
}
