namespace Crescent.Client.Load.Measures;

/// <summary>How a call ended.</summary>
internal enum CallEnd
{
    /// <summary>With a whole answer.</summary>
    Whole,

    /// <summary>Its user gave it up, as planned.</summary>
    Cancelled,

    /// <summary>The run was over.</summary>
    Unfinished,

    /// <summary>No connection could be had.</summary>
    Unreachable,

    /// <summary>Nothing came for too long.</summary>
    TimedOut,

    /// <summary>The server refused it by a status.</summary>
    Refused,

    /// <summary>The connection, or the stream, ended in the middle.</summary>
    Cut,

    /// <summary>An event of the stream was an error.</summary>
    Failed,

    /// <summary>What came was no answer.</summary>
    Malformed,

    /// <summary>The answer is whole and has nothing in it.</summary>
    Empty,
}
