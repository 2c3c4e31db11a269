using System.CommandLine;
using System.Globalization;
using Crescent.Client.Json;
using Crescent.Client.Terminals;
using Crescent.Grains.Contracts.Hub;
using Spectre.Console;

namespace Crescent.Client.Commands;

/// <summary><c>models list</c>: the models that were brought from a hub, and what each takes.</summary>
internal sealed class ModelsListCommand : Command
{
    public ModelsListCommand(Terminal terminal) : base("list", "List the models that were brought, by the names that --model takes.")
    {
        var json = new Option<bool>("--json") { Description = "Write the models as one JSON document (default: a table)" };
        Options.Add(json);
        SetAction((parsed, _) => ModelsCommand.Guarded(terminal, _ =>
        {
            if (parsed.GetValue(json))
            {
                terminal.WriteData(WireJson.Pages.Text(ModelsDocument.Of(ModelFolder.Default)));
                return Task.CompletedTask;
            }

            var table = new Table().AddColumns("model", "MB", "files", "commit", "brought");
            foreach (var model in ModelFolder.Default.List())
            {
                table.AddRow(
                    Markup.Escape(Terminal.Printable(model.Reference)),
                    (model.Bytes / 1e6).ToString("#,0", CultureInfo.InvariantCulture),
                    model.Files.Count.ToString(CultureInfo.InvariantCulture),
                    Markup.Escape(Terminal.Printable(model.Commit[..Math.Min(8, model.Commit.Length)])),
                    model.Pulled.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture));
            }

            terminal.Output.Write(table);
            return Task.CompletedTask;
        }));
    }
}
