using System.CommandLine;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Bench.Peers;

/// <summary><c>enlarge-model</c>: writes a model of random weights that is like a small one, in the sizes of a real one.</summary>
internal static class EnlargeModelCommand
{
    public static Command Create()
    {
        var source = new Argument<FileInfo>("SOURCE") { Description = "Small GGUF file whose architecture, metadata and tokenizer the model takes." };
        source.AcceptExistingOnly();
        var file = new Argument<FileInfo>("FILE") { Description = "GGUF file to write." };
        var type = new Option<GgmlType>("--type")
        {
            Description = "How matrices are stored: Q4_K for a file as Q4_K_M; experts that are MXFP4 stay it.",
            DefaultValueFactory = _ => GgmlType.Q4_K,
        };
        var width = new Option<int>("--width") { Description = "Values in the residual stream: a multiple of 512.", DefaultValueFactory = _ => 1024 };
        var layers = new Option<int>("--layers") { Description = "At least so many layers, in whole turns of SOURCE's; 0 for 24, or 12 where there are experts." };
        var template = new Option<FileInfo>("--template") { Description = "Chat template to put into the file." };
        template.AcceptExistingOnly();
        var command = new Command("enlarge-model", "Write a model of random weights like a small one, in the sizes of a real one.") { source, file, type, width, layers, template };
        command.SetAction(parse =>
        {
            using var pattern = GgufFile.Open(parse.GetRequiredValue(source).FullName);
            var text = parse.GetValue(template) is { } given ? File.ReadAllText(given.FullName) : null;
            var model = new EnlargedModel(pattern, new EnlargedShape(pattern, parse.GetValue(width), parse.GetValue(layers)), parse.GetValue(type), text);
            var target = parse.GetRequiredValue(file);
            using (var stream = target.Create())
                model.Write(stream);
            target.Refresh();
            Console.WriteLine($"{target.FullName}: {target.Length / 1e6:F0} MB");
        });
        return command;
    }
}
