namespace Crescent.Engine.Scheduling;

/// <summary>An exception that ended one request.</summary>
/// <param name="Request">Its id.</param>
/// <param name="Doing">What was being done: "its next token was chosen".</param>
/// <param name="Fault">The exception.</param>
public readonly record struct RequestFault(long Request, string Doing, Exception Fault);
