using Crescent.Engine.Devices.Cpu;

namespace Crescent.Tests.Engine.Devices.Cpu;

/// <summary>
/// The CPU device on quantised files, at every step of every golden prompt: no further from exact than one and a half times llama.cpp, in the
/// mean and at the 99th percentile, with keys and values in half precision.
/// </summary>
public sealed class CpuQuantizedGoldenTests
{
    [Fact]
    public void The_embedded_model_is_no_further_from_exact_than_llama_cpp() => CompareWithLlamaCpp(GoldenFile.Embedded);

    [Theory]
    [InlineData("Q4_0")]
    [InlineData("Q4_1")]
    [InlineData("Q5_0")]
    [InlineData("Q5_1")]
    [InlineData("Q2_K")]
    [InlineData("Q3_K_M")]
    [InlineData("Q4_K_M")]
    [InlineData("Q5_K_M")]
    [InlineData("Q6_K")]
    [InlineData("IQ4_NL")]
    [InlineData("IQ4_XS")]
    public void A_quantised_file_is_no_further_from_exact_than_llama_cpp(string format) => CompareWithLlamaCpp(GoldenFile.OfFormat(format));

    [Fact]
    public void SmolLM2_is_no_further_from_exact_than_llama_cpp() => CompareWithLlamaCpp(GoldenFile.SmolLM2);

    // Measured: in the mean 0.014, at most 0.67.
    [Fact]
    public void Eight_bit_keys_and_values_of_the_embedded_model_cost_a_bounded_error() => CompareEightBits(GoldenFile.Embedded, mean: 0.022, most: 1);

    // Measured: in the mean 0.090, at most 1.09.
    [Fact]
    public void Eight_bit_keys_and_values_of_SmolLM2_cost_a_bounded_error() => CompareEightBits(GoldenFile.SmolLM2, mean: 0.135, most: 1.6);

    private static void CompareWithLlamaCpp(GoldenFile file)
    {
        var steps = file.Run();
        var errors = steps.SelectMany(static step => step.Errors).Order().ToArray();
        var llamaCpp = steps.SelectMany(static step => step.LlamaCppErrors).Order().ToArray();
        var (mean, p99) = (errors.Average(), errors[(int)(errors.Length * 0.99)]);
        var figures = file.Goldens.LlamacppError;
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{file.Goldens.Model}: {steps.Count} steps, mean {mean:G3} p99 {p99:G3} greatest {errors[^1]:G3}; "
            + $"llama.cpp {figures.Mean:G3} {figures.P99:G3} {figures.Max:G3}");

        // The bar is what the file says of itself, found again from its steps.
        Assert.Equal(figures.Mean, llamaCpp.Average(), 1e-4);
        Assert.Equal(figures.P99, llamaCpp[(int)(llamaCpp.Length * 0.99)], 1e-4);
        Assert.InRange(mean, 0, 1.5 * figures.Mean);
        Assert.InRange(p99, 0, 1.5 * figures.P99);
        file.CheckGreedy(steps);
    }

    /// <summary>Logprobs with eight-bit keys and values against those in half precision, after the same golden tokens.</summary>
    private static void CompareEightBits(GoldenFile file, double mean, double most)
    {
        var distances = file.Run(KvType.F16).Zip(file.Run(KvType.Q8_0)).SelectMany(static step => step.Second.DistancesTo(step.First)).ToList();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{file.Goldens.Model}: q8_0 to f16 mean {distances.Average():G3} greatest {distances.Max():G3} of {distances.Count}");
        Assert.InRange(distances.Average(), 1e-6, mean);
        Assert.InRange(distances.Max(), 1e-6, most);
    }
}
