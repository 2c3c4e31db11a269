namespace Crescent.Engine.Scheduling;

/// <summary>
/// What is to be put out: kept until it is delivered, in an array that grows to the largest step. An output that the sink does not take ends its own
/// request, which is told so as soon as the sink takes that. Not safe for use by several threads.
/// </summary>
internal sealed class StepOutputs
{
    /// <summary>Times that the end of a request is offered to a sink which has failed it before.</summary>
    private const int MaxOffers = 8;

    private readonly List<(SequenceOutput Output, Exception Fault, string Doing)> _refused = [];
    private readonly List<(SequenceOutput Output, int Offers)> _late = [];
    private SequenceOutput[] _outputs = new SequenceOutput[64];
    private (Sequence? Sequence, TextPart Part)[] _texts = new (Sequence?, TextPart)[64];

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>Ends that the sink did not take and is to be offered again.</summary>
    public int LateCount => _late.Count;

    /// <summary>Adds an output.</summary>
    /// <param name="output">It.</param>
    /// <param name="sequence">Whose text is made when it is delivered, while a device works at the next step; null where it is there already.</param>
    /// <param name="part">What of it.</param>
    public void Add(in SequenceOutput output, Sequence? sequence = null, TextPart part = TextPart.None)
    {
        if (Count == _outputs.Length)
        {
            Array.Resize(ref _outputs, Count * 2);
            Array.Resize(ref _texts, Count * 2);
        }

        _texts[Count] = (sequence, part);
        _outputs[Count++] = output;
    }

    /// <summary>Gives all of them to <paramref name="sink"/> and forgets them, so that no text or request lives on here.</summary>
    /// <param name="sink">Takes them.</param>
    /// <param name="lose">Ends the request of an output that the sink did not take; gives what it is to be told instead.</param>
    public void Deliver(IEngineSink sink, Func<SequenceOutput, string, Exception, SequenceOutput> lose)
    {
        var late = _late.Count;
        WriteTexts();
        for (var at = 0; at < Count;)
        {
            try
            {
                sink.OnStep(_outputs.AsSpan(at, Count - at));
                break;
            }
            catch (SinkFaultException fault)
            {
                at += Math.Clamp(fault.Taken, 0, Count - at - 1);
                Refuse(at, fault.InnerException!);
            }
            catch (Exception fault) when (fault is not OutOfMemoryException)
            {
                DeliverEach(sink, at, fault);
                break;
            }
        }

        Clear();
        while (_refused.Count > 0)
        {
            var (output, fault, doing) = _refused[0];
            _refused.RemoveAt(0);
            Offer(sink, lose(output, doing, fault), 0);
        }

        OfferAgain(sink, late);
    }

    private void Clear()
    {
        Array.Clear(_outputs, 0, Count);
        Array.Clear(_texts, 0, Count);
        Count = 0;
    }

    private void WriteTexts()
    {
        for (var i = 0; i < Count; i++)
        {
            var (sequence, part) = _texts[i];
            if (sequence is null)
            {
                continue;
            }

            try
            {
                ref var output = ref _outputs[i];
                var text = part.HasFlag(TextPart.Token) ? sequence.Text.Append(output.Token) : output.Text;
                output = output with { Text = part.HasFlag(TextPart.Rest) ? text + sequence.Text.Flush() : text };
            }
            catch (Exception fault)
            {
                Refuse(i--, fault, "its text was made");
            }
        }
    }

    /// <summary>A sink that does not say how far it came has taken nothing: each by itself shows which it is that it does not take.</summary>
    private void DeliverEach(IEngineSink sink, int at, Exception first)
    {
        if (Count - at == 1)
        {
            Refuse(at, first);
        }

        while (at < Count)
        {
            try
            {
                sink.OnStep(_outputs.AsSpan(at, 1));
                at++;
            }
            catch (Exception fault) when (fault is not OutOfMemoryException)
            {
                Refuse(at, fault is SinkFaultException { InnerException: { } inner } ? inner : fault);
            }
        }
    }

    /// <summary>An output does not go out, and those that follow it of the same request do not either.</summary>
    private void Refuse(int at, Exception fault, string doing = "its output was handed over")
    {
        _refused.Add((_outputs[at], fault, doing));
        var request = _outputs[at].Request;
        var left = at;
        for (var i = at; i < Count; i++)
        {
            if (!ReferenceEquals(_outputs[i].Request, request))
            {
                _texts[left] = _texts[i];
                _outputs[left++] = _outputs[i];
            }
        }

        Array.Clear(_outputs, left, Count - left);
        Array.Clear(_texts, left, Count - left);
        Count = left;
    }

    private void Offer(IEngineSink sink, in SequenceOutput end, int offers)
    {
        try
        {
            sink.OnStep([end]);
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            // It was reported when the request ended. A sink that never takes it leaves the request untold: there is nobody else to tell.
            if (offers + 1 < MaxOffers)
            {
                _late.Add((end, offers + 1));
            }
        }
    }

    private void OfferAgain(IEngineSink sink, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var (end, offers) = _late[i];
            Offer(sink, end, offers);
        }

        _late.RemoveRange(0, count);
    }
}
