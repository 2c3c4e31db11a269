namespace Crescent.Engine.Scheduling;

/// <summary>One thing that an engine is to do: run a sequence, tell its blocks, tell a request's end, or, where it is none of these, cancel.</summary>
/// <param name="Id">Of the request; 0 for a dump.</param>
/// <param name="Sequence">To run; or null.</param>
/// <param name="Dump">To answer; or null.</param>
/// <param name="Ended">To be told of its end; or null.</param>
internal readonly record struct EngineCommand(long Id, Sequence? Sequence = null, KvDumpRequest? Dump = null, EndedRequest? Ended = null)
{
    /// <summary>A sequence is to run.</summary>
    public static EngineCommand Run(Sequence sequence) => new(sequence.Request.Id, sequence);

    /// <summary>A request ends before it has become a sequence.</summary>
    public static EngineCommand End(EndedRequest ended) => new(ended.Request.Id, Ended: ended);
}
