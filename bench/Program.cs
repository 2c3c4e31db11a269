using System.CommandLine;
using Crescent.Bench;
using Crescent.Bench.Peers;

return await new RootCommand("Measures parts of Crescent on this machine.")
{
    CpuCommand.Create(),
    PeersCommand.Create(),
    RandomModelCommand.Create(),
    EngineCommand.Create(),
    IndexCommand.Create(),
    PlacementCommand.Create(),
    PrefixCommand.Create(),
    SamplingCommand.Create(),
    SchemaCommand.Create(),
    MaskCommand.Create(),
}.Parse(args).InvokeAsync();
