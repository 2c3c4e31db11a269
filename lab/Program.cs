using System.Runtime.InteropServices;
using Crescent.Client.Terminals;
using Crescent.Lab.Commands;

using var interrupts = Interrupts.FromConsole();

// Whoever started the lab ends it so; a study that was stopped already is not stopped twice.
using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
{
    signal.Cancel = interrupts.IsOpen;
    interrupts.Raise();
});
return await LabCommandLine.Run(args, Terminal.FromConsole(interrupts));
