using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Tests.Engine.Model.Gguf;

public sealed class GgufSplitTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Parts_are_one_file()
    {
        Write(1, 3, 3, "a");
        Write(2, 3, null, "b");
        Write(3, 3, null, "c");
        using var file = GgufFile.Open(At(1, 3));
        Assert.Equal(["a", "b", "c"], file.Tensors.Keys.Order(StringComparer.Ordinal));
        Assert.Equal([1, 2, 3], file.Tensors.Values.Select(static tensor => BitConverter.ToSingle(tensor.Row(0))).Order());
        Assert.Equal("of the first", file.GetString("note"));
    }

    [Fact]
    public void A_whole_model_and_its_parts_are_the_same_model()
    {
        // A decoder whose norm stands in a second part.
        var name = Path.GetFileName(At(1, 2));
        _folder.Write(name, SmallModels.Decoder("llama").Remove("output_norm.weight").Set("split.no", (ushort)0).Set("split.count", (ushort)2).Build());
        _folder.Write(Path.GetFileName(At(2, 2)), new GgufBuilder().Set("split.no", (ushort)1).Set("split.count", (ushort)2).Tensor("output_norm.weight", GgmlType.F32, [SmallModels.Width]).Build());
        using var file = GgufFile.Open(At(1, 2));
        Assert.Equal(SmallModels.Width, Architecture.Read(file).Config.Width);
    }

    [Fact]
    public void A_part_that_is_missing_is_named()
    {
        Write(1, 3, 3, "a");
        Write(3, 3, null, "c");
        Assert.Contains($"part 2 of 3 is missing: there is no {At(2, 3)}", Fault(At(1, 3)), StringComparison.Ordinal);
    }

    [Fact]
    public void Another_part_than_the_first_says_which_is_the_first()
    {
        Write(2, 3, null, "b");
        Assert.Contains($"this is part 2 of 3; name the first, {At(1, 3)}", Fault(At(2, 3)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_part_in_the_place_of_another_is_refused()
    {
        Write(1, 2, 2, "a");
        _folder.Write(Path.GetFileName(At(2, 2)), Part(1, 2, null, "b").Build());
        Assert.Contains("by its name this is part 2 of 2, by its header part 1 of 2", Fault(At(1, 2)), StringComparison.Ordinal);
    }

    [Fact]
    public void Parts_of_two_models_are_refused()
    {
        Write(1, 2, 5, "a");
        Write(2, 2, null, "b");
        Assert.Contains("2 tensors, and should have 5", Fault(At(1, 2)), StringComparison.Ordinal);
        Write(2, 2, null, "a");
        Assert.Contains("another part has a tensor of this name", Fault(At(1, 2)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_part_under_another_name_says_what_it_should_be_called()
    {
        var path = _folder.Write("model.gguf", Part(1, 2, 2, "a").Build());
        Assert.Contains("-00001-of-00002.gguf", Fault(path), StringComparison.Ordinal);
    }

    private static string Fault(string path) => Assert.Throws<InvalidModelException>(() => GgufFile.Open(path)).Message;

    private static GgufBuilder Part(int number, int count, int? tensors, string tensor)
    {
        var part = new GgufBuilder().Set("split.no", (ushort)(number - 1)).Set("split.count", (ushort)count).Tensor(tensor, GgmlType.F32, [1], number);
        if (tensors is { } all)
        {
            part.Set("split.tensors.count", all).Set("note", "of the first");
        }

        return part;
    }

    private void Write(int number, int count, int? tensors, string tensor) => _folder.Write(Path.GetFileName(At(number, count)), Part(number, count, tensors, tensor).Build());

    private string At(int number, int count) => _folder.At($"model-{number:00000}-of-{count:00000}.gguf");
}
