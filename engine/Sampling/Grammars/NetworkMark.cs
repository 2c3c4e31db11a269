namespace Crescent.Engine.Sampling.Grammars;

/// <summary>How far a <see cref="ByteNetwork"/> had grown.</summary>
internal readonly record struct NetworkMark(int Nodes, int Edges, int Jumps, int Calls, int Rules, (int States, long Bytes) Meter);
