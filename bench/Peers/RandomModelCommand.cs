using System.CommandLine;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Bench.Peers;

/// <summary><c>random-model</c>: writes a model of random weights to measure on.</summary>
internal static class RandomModelCommand
{
    public static Command Create()
    {
        var shape = new Option<string>("--shape") { Description = "Sizes of the model.", DefaultValueFactory = _ => "1b" };
        shape.AcceptOnlyFromAmong([.. ModelShape.All.Select(static s => s.Name)]);
        var type = new Option<GgmlType>("--type") { Description = "How its matrices are stored; heads as quantisers choose them.", DefaultValueFactory = _ => GgmlType.Q4_K };
        var file = new Argument<FileInfo>("FILE") { Description = "GGUF file to write." };
        var command = new Command("random-model", "Write a model of random weights, to measure shapes that are not at hand.") { shape, type, file };
        command.SetAction(parse =>
        {
            var target = parse.GetRequiredValue(file);
            var model = new RandomModel(ModelShape.All.Single(s => s.Name == parse.GetRequiredValue(shape)), parse.GetValue(type));
            using (var stream = target.Create())
                model.Write(stream);
            target.Refresh();
            Console.WriteLine($"{target.FullName}: {target.Length / 1e6:F0} MB");
        });
        return command;
    }
}
