using Crescent.Engine.Cuda;
using Crescent.Engine.Cuda.Steps;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Model.Layers;

namespace Crescent.Tests.Cuda;

/// <summary>Which mixtures of experts CUDA devices take, and how many works their pairs can need.</summary>
public sealed class CudaMixtureTests
{
    [Theory]
    [InlineData("activation", "experts with SquaredRelu")]
    [InlineData("input", "several experts of a token whose input is weighed")]
    [InlineData("scaled input", "experts whose input is weighed in a scaled part")]
    [InlineData("rows", "experts whose matrices are not whole times 16 rows")]
    [InlineData("formats", "experts whose matrices are not whole times 16 rows, or lie in different formats")]
    [InlineData("many", "more than 1024 experts")]
    public void What_the_kernels_do_not_do_with_experts_is_refused_by_name(string what, string says)
    {
        using var file = GgufFile.Open(TestFiles.Shared("arch", "qwen3moe.gguf"));
        var graph = Architecture.Read(file);
        CudaDevice.CheckFit(graph);
        var fault = Assert.Throws<InvalidModelException>(() => CudaDevice.CheckFit(graph with { Layers = [.. graph.Layers.Select(layer => Changed(layer, what))] }));
        Assert.Contains($"qwen3moe has {says}", fault.Message);
        Assert.Contains("--devices cpu", fault.Message);
    }

    [Fact]
    public void There_are_works_for_pairs_however_they_spread_and_no_more_than_can_be_needed()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            int experts = random.Next(1, 9), pairs = random.Next(1, 60), rows = 1 << random.Next(6);
            var most = SortedPairs.WorksOf(pairs, experts, rows);

            // One pair each to as many experts as can be, whole works to the first: nothing needs more.
            var counts = new int[experts];
            for (var i = 0; i < Math.Min(pairs, experts); i++)
                counts[i] = 1;
            var left = pairs - counts.Sum();
            counts[0] += left / rows * rows;
            counts[experts - 1] += left % rows;
            var needed = counts.Sum(count => (count + rows - 1) / rows);
            Assert.InRange(needed, 1, most);
            Assert.InRange(most, 1, Math.Min(pairs, needed + 1));
        }
    }

    // Its numbers mean nothing: nothing is loaded.
    private static unsafe GgufTensor InEightBits(GgufTensor tensor) =>
        new(tensor.Name, GgmlType.Q8_0, [.. tensor.Shape], tensor.Data, tensor.Rows * tensor.Columns / 32 * 34);

    private static DecoderLayer Changed(DecoderLayer layer, string what)
    {
        var branch = layer.Branches[1];
        var mixture = (MixtureOperator)branch.Operators[0];
        LayerOperator[] operators = what switch
        {
            "activation" => [mixture with { Activation = FeedForwardActivation.SquaredRelu }],
            "input" => [mixture with { WeighsInput = true }],
            "formats" => [mixture with { Up = [.. mixture.Up.Select(InEightBits)] }],
            "scaled input" => [mixture with { WeighsInput = true, UsedCount = 1 }],
            "rows" => [mixture with { Gate = [.. mixture.Gate.Select(static gate => gate.Slice(0, 120))] }],
            _ => [mixture with { Gate = [.. Enumerable.Repeat(mixture.Gate[0], 1025)] }],
        };
        return new DecoderLayer([layer.Branches[0], branch with { Operators = operators, Scale = what == "scaled input" ? 2 : 1 }]);
    }
}
