namespace Crescent.Client.Connections;

/// <summary>The factory cannot be reached, refused, or broke off: one line for a human, and what to do about it.</summary>
internal sealed class FactoryException : Exception
{
    public FactoryException(string message, string remedy, Exception? cause = null) : base(message, cause) => Remedy = remedy;

    /// <summary>What the human can do.</summary>
    public string Remedy { get; }

    /// <summary>True when the connection is of no more use and a new one must be made.</summary>
    public bool ConnectionLost { get; init; }
}
