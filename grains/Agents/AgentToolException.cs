namespace Crescent.Grains.Agents;

/// <summary>A tool failed; the message is told to the model.</summary>
public sealed class AgentToolException(string message, Exception? inner = null) : Exception(message, inner);
