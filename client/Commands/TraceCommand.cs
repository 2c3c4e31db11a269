using System.CommandLine;
using Crescent.Client.Rendering;
using Crescent.Client.Terminals;
using Crescent.Client.Traces;

namespace Crescent.Client.Commands;

/// <summary><c>trace</c>: a trace that silos have kept, as a tree.</summary>
internal sealed class TraceCommand : Command
{
    public TraceCommand(Terminal terminal) : base("trace", "Show a trace that the silos have kept in their --trace-folder: what a request or a task did, where, and how long each part took.")
    {
        var id = new Argument<string?>("ID")
        {
            Description = "Of the trace, or of a request (X-Request-ID), an answer (chatcmpl-…) or an agent's task in it (default: the trace that began last)",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var folder = new Option<string>("--folder") { HelpName = "PATH", Description = "The folder of the silos' option --trace-folder", Required = true };
        var all = new Option<bool>("--all") { Description = "Tell all attributes of each span" };
        Arguments.Add(id);
        Options.Add(folder);
        Options.Add(all);
        SetAction((parsed, _) => CommandGuard.Run(terminal, json: false, _ =>
        {
            var (trace, spans) = TraceFiles.Read(parsed.GetValue(folder)!, parsed.GetValue(id));
            terminal.Output.Write(TraceTree.Of(trace, spans, parsed.GetValue(all)));
            return Task.FromResult(ExitCodes.Success);
        }));
    }
}
