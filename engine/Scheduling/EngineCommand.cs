namespace Crescent.Engine.Scheduling;

/// <summary>One thing that an engine is to do: run a sequence, tell its blocks, or, where it is neither of these, cancel.</summary>
/// <param name="Id">Of the request; 0 for a dump.</param>
/// <param name="Sequence">To run; or null.</param>
/// <param name="Dump">To answer; or null.</param>
internal readonly record struct EngineCommand(long Id, Sequence? Sequence = null, KvDumpRequest? Dump = null);
