using System.CommandLine;
using Crescent.Client.Connections;
using Crescent.Client.Terminals;
using Crescent.Grains.Contracts.Hub;

namespace Crescent.Client.Commands;

/// <summary><c>models remove</c>: removes the files of a model that was brought from a hub.</summary>
internal sealed class ModelsRemoveCommand : Command
{
    public ModelsRemoveCommand(Terminal terminal) : base("remove", "Remove a model's files. A silo that has them open goes on with them; one that starts brings them again.")
    {
        var model = new Argument<string>("MODEL") { Description = "As `models list` shows it" };
        Arguments.Add(model);
        SetAction((parsed, _) => ModelsCommand.Guarded(terminal, _ =>
        {
            var folder = ModelFolder.Default;
            var reference = HubReference.Parse(parsed.GetValue(model)!);
            var found = folder.Find(reference) ?? throw new HubException($"{reference} is not in {folder.Path}", "`models list` shows what is.");
            foreach (var copy in folder.List().Where(other => other.Repository == found.Repository && other.Name == found.Name && other.IsOf(reference.Revision)))
            {
                try
                {
                    ModelFolder.Remove(copy);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    throw new FactoryException($"{copy.Folder} cannot be removed: {e.Message}", "Look who else uses it.", e);
                }
            }

            terminal.WriteData($"{found.Reference} is removed.");
            return Task.CompletedTask;
        }));
    }
}
