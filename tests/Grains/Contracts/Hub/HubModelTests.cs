using Crescent.Grains.Contracts.Hub;

namespace Crescent.Tests.Grains.Contracts.Hub;

public sealed class HubModelTests
{
    [Theory]
    [InlineData("hf:a/b", "m-Q2_K.gguf m-Q4_K_M.gguf m-Q8_0.gguf", "m-Q4_K_M")]
    [InlineData("hf:a/b", "m-Q2_K.gguf m-Q8_0.gguf", "m-Q8_0")]
    [InlineData("hf:a/b", "m-mxfp4.gguf mmproj-m.gguf", "m-mxfp4")]
    [InlineData("hf:a/b:q8_0", "m-Q4_K_M.gguf m-Q8_0.gguf", "m-Q8_0")]
    [InlineData("hf:a/b:Q4_0", "m.Q4_0_4_4.gguf m.Q4_0.gguf", "m.Q4_0")]
    [InlineData("hf:a/b:Q4_K_M", "m-Q4_K_M-imat.gguf m-Q4_K_M.gguf", "m-Q4_K_M")]
    [InlineData("hf:a/b:UD-Q4_K_XL", "m-Q4_K_XL.gguf m-UD-Q4_K_XL.gguf", "m-UD-Q4_K_XL")]
    public void The_file_that_is_meant_is_chosen(string reference, string files, string chosen) =>
        Assert.Equal(chosen, HubModel.Choose(HubReference.Parse(reference), Files(files)).Name);

    [Theory]
    [InlineData("hf:a/b", "m-Q2_K.gguf m-Q3_K.gguf", "it has m-Q2_K, m-Q3_K")]
    [InlineData("hf:a/b:Q5_K_M", "m-Q4_K_M.gguf", "no Q5_K_M")]
    [InlineData("hf:a/b", "mmproj-m-f16.gguf", "mmproj")]
    [InlineData("hf:a/b:mmproj-m-f16", "mmproj-m-f16.gguf m.gguf", "mmproj")]
    [InlineData("hf:a/b", "model.safetensors", "no GGUF file")]
    [InlineData("hf:a/b", "m-00001-of-00003.gguf m-00003-of-00003.gguf", "3 files")]
    [InlineData("hf:a/b:Q4_K_M", "x-Q4_K_M.gguf y-Q4_K_M.gguf", "x-Q4_K_M, y-Q4_K_M")]
    public void What_cannot_be_told_is_refused(string reference, string files, string word)
    {
        var fault = Assert.Throws<HubException>(() => HubModel.Choose(HubReference.Parse(reference), Files(files)));
        Assert.Contains(word, fault.Message + fault.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hf:a/b:Q4_K_M", "m-Q4_K_M.gguf m-Q8_0-00001-of-00003.gguf", "m-Q4_K_M")]
    [InlineData("hf:a/b:Q8_0", "m-Q8_0.gguf m-Q8_0-00001-of-00003.gguf", "m-Q8_0")]
    [InlineData("hf:a/b:model-Q8_0", "model-Q8_0.gguf mtp-model-Q8_0.gguf", "model-Q8_0")]
    public void A_broken_split_beside_it_and_a_longer_name_are_not_in_the_way(string reference, string files, string name) =>
        Assert.Equal(name, HubModel.Choose(HubReference.Parse(reference), Files(files)).Name);

    [Theory]
    [InlineData("hf:")]
    [InlineData("hf:model")]
    [InlineData("hf:a/b/c")]
    [InlineData("hf:../b")]
    [InlineData("hf:a/..")]
    [InlineData("hf:a/b:")]
    [InlineData("hf:a/b:x/y")]
    [InlineData("hf:a/b?x=1")]
    [InlineData("hf:a/b@")]
    [InlineData("hf:a/b@x/../y")]
    [InlineData("hf:a/b@main@x")]
    [InlineData("hf:a/b@main:Q8_0")]
    public void Names_that_lead_elsewhere_are_none(string text) => Assert.Throws<HubException>(() => HubReference.Parse(text));

    [Theory]
    [InlineData("hf:a/b@v1.0", null, "v1.0")]
    [InlineData("a/b:Q8_0@refs/pr/7", "Q8_0", "refs/pr/7")]
    [InlineData("hf:a/b:Q8_0", "Q8_0", null)]
    public void A_reference_may_say_a_revision(string text, string? quantisation, string? revision)
    {
        var reference = HubReference.Parse(text);
        Assert.Equal((quantisation, revision), (reference.Quantisation, reference.Revision));
        Assert.Equal(reference, HubReference.Parse(reference.ToString()));
    }

    [Fact]
    public void Files_whose_names_lead_elsewhere_are_left_out() =>
        Assert.Equal(["m"], HubModel.Among(Files("x/..gguf .hidden.gguf x\\y.gguf m.gguf")).Select(static model => model.Name));

    [Theory]
    [InlineData("ftp://hub", null)]
    [InlineData("hub", null)]
    [InlineData("http://hub.example", "hf_x")]
    [InlineData("https://user:word@hub", null)]
    [InlineData("https://hub", "hf_x\nX: y")]
    public void Addresses_and_tokens_that_cannot_be_used_are_refused(string endpoint, string? token) =>
        Assert.Throws<HubException>(() => HubSettings.Of(endpoint, token));

    private static HubFile[] Files(string names) => [.. names.Split(' ').Select(static name => new HubFile(name, 1, new string('0', 64)))];
}
