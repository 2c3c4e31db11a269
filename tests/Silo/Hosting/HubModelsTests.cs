using Crescent.Grains.Contracts.Hub;
using Crescent.Silo.Configuration;
using Crescent.Silo.Hosting;

namespace Crescent.Tests.Silo.Hosting;

public sealed class HubModelsTests
{
    [Fact]
    public async Task Models_of_the_hub_become_files_wherever_settings_name_them()
    {
        var pulled = new List<string>();
        var settings = await HubModels.Resolve(
            new Dictionary<string, string?>
            {
                [Settings.Model.Key] = "hf:a/b:Q8_0",
                [Settings.Devices.Key] = "cpu:0=hf:a/b:Q8_0, cpu:1=/models/x.gguf,cpu:2=hf:c/d",
                [Settings.Models.Key] = "own=hf:c/d,/models/y.gguf",
                [Settings.Draft.Key] = "hf:e/f",
                [Settings.Urls.Key] = "http://127.0.0.1:1",
            },
            (reference, offline) =>
            {
                Assert.False(offline);
                pulled.Add(reference.ToString());
                return Task.FromResult($"/pulled/{reference.Repository}.gguf");
            });

        Assert.Equal("/pulled/b.gguf", settings[Settings.Model.Key]);
        Assert.Equal("cpu:0=/pulled/b.gguf,cpu:1=/models/x.gguf,cpu:2=/pulled/d.gguf", settings[Settings.Devices.Key]);
        Assert.Equal("own=/pulled/d.gguf,/models/y.gguf", settings[Settings.Models.Key]);
        Assert.Equal("http://127.0.0.1:1", settings[Settings.Urls.Key]);
        Assert.Equal("/pulled/f.gguf", settings[Settings.Draft.Key]);
        Assert.Equal(["hf:a/b:Q8_0", "hf:c/d", "hf:e/f"], pulled);
    }

    [Fact]
    public async Task Offline_is_passed_on_and_what_cannot_be_had_names_its_setting()
    {
        var settings = new Dictionary<string, string?> { [Settings.Model.Key] = "hf:a/b", [Settings.Offline.Key] = "true" };
        var fault = await Assert.ThrowsAsync<StartException>(() => HubModels.Resolve(settings, static (_, offline) =>
            throw new HubException(offline ? "It is not there" : "It was asked for", "Bring it.")));
        Assert.StartsWith("--model", fault.Message, StringComparison.Ordinal);
        Assert.Contains("It is not there. Bring it.", fault.Message, StringComparison.Ordinal);
        settings[Settings.Model.Key] = "hf:nothing";
        Assert.Contains("hf:ORG/REPO", (await Assert.ThrowsAsync<StartException>(() => HubModels.Resolve(settings, static (_, _) => Task.FromResult("")))).Message, StringComparison.Ordinal);
    }
}
