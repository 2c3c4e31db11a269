namespace Crescent.Engine.Model.ToolCalls;

/// <summary>How a call is written, for a grammar to hold it: Outer Opening Head NAME Between ARGUMENTS Tail OuterTail.</summary>
/// <param name="Syntax">Of name and arguments.</param>
/// <param name="Opening">The mark that opens a call; empty where an answer begins with it.</param>
/// <param name="Head">Behind the opening.</param>
/// <param name="Tail">Behind the call.</param>
/// <param name="Between">Between name and arguments, of <see cref="CallSyntax.Named"/>.</param>
/// <param name="Outer">Before the first call.</param>
/// <param name="OuterTail">Behind the last.</param>
/// <param name="Quote">Around texts, of <see cref="CallSyntax.Gemma"/>.</param>
/// <param name="Key">The name that arguments go by, of <see cref="CallSyntax.Json"/>.</param>
public sealed record CallWriting(
    CallSyntax Syntax, string Opening, string Head, string Tail, string Between = "", string Outer = "", string OuterTail = "", string Quote = "", string Key = "arguments");
