using System.CommandLine;
using Crescent.Client.Terminals;
using Crescent.Grains.Contracts.Hub;

namespace Crescent.Client.Commands;

/// <summary><c>pull</c>: brings a model from the Hugging Face Hub into the folder that the silos of this user look in.</summary>
internal sealed class PullCommand : Command
{
    public PullCommand(Terminal terminal) : base(
        "pull",
        $"Bring a GGUF model from the Hugging Face Hub into ~/.crescent/models, where `--model hf:ORG/REPO` of a silo finds it; a newer one where the hub has one. {HubSettings.TokenVariable} is "
        + $"the token for repositories that ask for one, {HubSettings.EndpointVariable} another hub. What was begun is gone on with.")
    {
        var model = new Argument<string>("MODEL") { Description = "hf:ORG/REPO, or hf:ORG/REPO:QUANT for another quantisation than Q4_K_M, such as Q8_0; @REVISION behind it for a branch, a tag or a commit" };
        Arguments.Add(model);
        SetAction((parsed, _) => ModelsCommand.Guarded(terminal, async interrupted =>
        {
            var reference = HubReference.Parse(parsed.GetValue(model)!);
            var pull = new HubPull(HubSettings.FromEnvironment(), ModelFolder.Default, TimeProvider.System);
            var pulled = await pull.Pull(reference, progress => Terminal.WriteNote(terminal.Error, progress.ToString()), interrupted);
            terminal.WriteData(pulled.File);
        }));
    }
}
