namespace Crescent.Engine.Scheduling;

/// <summary>How long a request may be kept waiting for others; a lower number goes first.</summary>
public enum RequestPriority
{
    /// <summary>Somebody watches the answer appear.</summary>
    Interactive,

    /// <summary>The default.</summary>
    Standard,

    /// <summary>Nobody waits: deferred first when time or power is short.</summary>
    Batch,
}
