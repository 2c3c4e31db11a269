using System.CommandLine;
using Crescent.Silo;
using Crescent.Silo.Supervision;

// Each way of running handles the signals itself and knows its own deadline.
return await CommandLine.Create(Start.Run).Parse(args).InvokeAsync(
    new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false });
