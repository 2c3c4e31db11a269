using System.CommandLine;
using Crescent.Bench;
using Crescent.Bench.Gossip;
using Crescent.Bench.Peers;
using Crescent.Bench.Scale;
using Crescent.Bench.Serve;

return await new RootCommand("Measures parts of Crescent on this machine.")
{
    CpuCommand.Create(),
    PeersCommand.Create(),
    AgreementCommand.Create(),
    RandomModelCommand.Create(),
    EnlargeModelCommand.Create(),
    EngineCommand.Create(),
    IndexCommand.Create(),
    PlacementCommand.Create(),
    GossipCommand.Create(),
    ScaleCommand.Create(),
    ScaleCommand.CreateSilo(),
    ServeCommand.Create(),
    SiloCommand.Create(),
    LoadCommand.Create(),
    PrefixCommand.Create(),
    DraftCommand.Create(),
    SamplingCommand.Create(),
    SchemaCommand.Create(),
    MaskCommand.Create(),
}.Parse(args).InvokeAsync();
