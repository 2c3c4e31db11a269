using Crescent.Engine.Kv;
using Crescent.Engine.Scheduling;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>Another sink, which throws when it is asked to: before it has taken anything, or at one of the outputs.</summary>
internal sealed class FaultySink(RecordingSink sink, Func<bool> fails, Func<bool> tellsHowFar) : IEngineSink
{
    public int Faults { get; private set; }

    public void OnStep(ReadOnlySpan<SequenceOutput> outputs)
    {
        if (!tellsHowFar())
        {
            Throw();
            sink.OnStep(outputs);
            return;
        }

        for (var i = 0; i < outputs.Length; i++)
        {
            try
            {
                Throw();
            }
            catch (IOException fault)
            {
                throw new SinkFaultException(i, fault);
            }

            sink.OnStep(outputs.Slice(i, 1));
        }
    }

    public void OnKvEvents(KvEventBatch batch) => Throw();

    private void Throw()
    {
        if (fails())
        {
            Faults++;
            throw new IOException("the link broke");
        }
    }
}
