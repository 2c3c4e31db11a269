using Crescent.Client.Commands;
using Crescent.Client.Connections;
using Crescent.Client.Terminals;

using var interrupts = Interrupts.FromConsole();
return await ClientCommandLine.Run(args, Terminal.FromConsole(interrupts), ConnectionSettings.Connect);
