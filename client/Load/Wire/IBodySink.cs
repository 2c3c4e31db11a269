namespace Crescent.Client.Load.Wire;

/// <summary>Takes the body of an answer, piece by piece.</summary>
internal interface IBodySink
{
    /// <summary>The head is there.</summary>
    void Begin(int status, bool isEventStream);

    /// <summary>The next bytes of the body, without the transport's frames.</summary>
    void Body(ReadOnlySpan<byte> bytes);
}
