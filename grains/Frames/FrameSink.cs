using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Crescent.Engine.Kv;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Kv;

namespace Crescent.Grains.Frames;

/// <summary>
/// Takes the outputs of one device's engine and hands them to the links of the front ends that wait for them: at most one frame a
/// step and link. Runs on the engine's thread, allocates nothing and never blocks.
/// </summary>
/// <param name="live">The device's sequences; those that end are removed.</param>
/// <param name="open">Opens the link to a front end.</param>
internal sealed class FrameSink(LiveSequences live, Func<SiloAddress, ITokenObserver, FrameLink> open) : IEngineSink
{
    private readonly ConcurrentDictionary<SiloAddress, FrameLink> _links = new();
    private readonly List<FrameLink> _touched = [];
    private readonly Lock _opening = new();

    /// <summary>Takes the changes of the prefix cache.</summary>
    public KvEventLog KvEvents { get; } = new();

    /// <summary>The links in use.</summary>
    public IEnumerable<FrameLink> Links => _links.Values;

    /// <summary>The link to <paramref name="front"/>, opened if there is none.</summary>
    public FrameLink LinkTo(SiloAddress front, ITokenObserver observer)
    {
        lock (_opening)
        {
            if (!_links.TryGetValue(front, out var link) || link.IsBroken)
            {
                link = open(front, observer);
                _links[front] = link;
            }

            return link;
        }
    }

    /// <summary>Forgets a broken link.</summary>
    public void Forget(FrameLink link) => _links.TryRemove(KeyValuePair.Create(link.Front, link));

    public void OnKvEvents(KvEventBatch batch) => KvEvents.Append(batch);

    public void OnStep(ReadOnlySpan<SequenceOutput> outputs)
    {
        try
        {
            for (var i = 0; i < outputs.Length; i++)
            {
                Take(outputs[i], i);
            }
        }
        finally
        {
            foreach (var link in _touched)
            {
                link.Flush();
            }

            _touched.Clear();
        }
    }

    private void Take(in SequenceOutput output, int index)
    {
        if (output.Request.Link is IOutputTaker taker)
        {
            taker.Take(output);
            return;
        }

        var sequence = (LiveSequence)output.Request.Link!;
        try
        {
            sequence.Link.Append(sequence.Ticket, sequence.FirstOffset + output.Offset, output);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            throw new SinkFaultException(index, fault);
        }

        if (output.Token >= 0)
        {
            live.Start(sequence);
        }

        if (output.Finish != FinishReason.None)
        {
            live.Remove(sequence);
            sequence.Trace?.End(output);
        }

        if (!CollectionsMarshal.AsSpan(_touched).Contains(sequence.Link))
        {
            _touched.Add(sequence.Link);
        }
    }
}
