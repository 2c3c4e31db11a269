namespace Crescent.Engine.Scheduling;

/// <summary>
/// Exceptions that ended a request and nothing else: of its tokenizer, its structure, its row of logits, its sink. Each is counted and told to whoever
/// listens, so that none is swallowed. For the engine's thread.
/// </summary>
internal sealed class EngineFaults
{
    /// <summary>How many there were.</summary>
    public long Count { get; private set; }

    /// <summary>Told of each.</summary>
    public Action<RequestFault>? Listener { get; set; }

    /// <summary>Takes note of one.</summary>
    /// <returns>What the request is told.</returns>
    public string Report(long request, string doing, Exception fault)
    {
        Count++;
        var message = $"The request failed while {doing}: {fault.Message}";
        try
        {
            Listener?.Invoke(new RequestFault(request, doing, fault));
        }
        catch (Exception unheard) when (unheard is not OutOfMemoryException)
        {
            // A log that fails ends nobody else's request: this one is told of that too.
            Count++;
            message += $" (and the log did not take it: {unheard.Message})";
        }

        return message;
    }
}
