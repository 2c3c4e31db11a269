using Crescent.Engine.Scheduling;

namespace Crescent.Grains.Frames;

/// <summary>Takes the outputs of a request of the silo itself, which no front end waits for; it is the request's link.</summary>
internal interface IOutputTaker
{
    /// <summary>Takes one. The engine's thread only; never blocks.</summary>
    void Take(in SequenceOutput output);
}
