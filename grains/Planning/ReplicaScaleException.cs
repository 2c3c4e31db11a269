namespace Crescent.Grains.Planning;

/// <summary>Replicas could not be read or set; the message says why.</summary>
public sealed class ReplicaScaleException(string message, Exception? inner = null) : Exception(message, inner);
