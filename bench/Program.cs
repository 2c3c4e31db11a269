using System.CommandLine;
using Crescent.Bench;

return await new RootCommand("Measures parts of Crescent on this machine.")
{
    CpuCommand.Create(),
    EngineCommand.Create(),
    IndexCommand.Create(),
    PlacementCommand.Create(),
    PrefixCommand.Create(),
    SchemaCommand.Create(),
    MaskCommand.Create(),
}.Parse(args).InvokeAsync();
