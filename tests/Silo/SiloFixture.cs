using Crescent.Silo.Configuration;
using Crescent.Silo.Hosting;
using Crescent.Tests.Silo;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

[assembly: AssemblyFixture(typeof(SiloFixture))]

namespace Crescent.Tests.Silo;

/// <summary>
/// A whole silo in the process of the tests, with the embedded model, on free ports; started by the first test that asks. Its device has one thread: several meet
/// after each part of a layer, and beside other tests each such meeting costs a turn of the scheduler.
/// </summary>
public sealed class SiloFixture : IAsyncDisposable
{
    private readonly SemaphoreSlim _lock = new(1);
    private SiloHost? _silo;
    private string? _folder;

    /// <summary>Path of its model.</summary>
    public string Model { get; init; } = TestFiles.TinyModel;

    /// <summary>Settings beyond those that all tests have.</summary>
    public IEnumerable<KeyValuePair<string, string?>> With { get; init; } = [];

    /// <summary>Base address of its HTTP.</summary>
    public async Task<string> Url()
    {
        await _lock.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            _silo ??= await Start();
            return _silo.Urls[0];
        }
        finally
        {
            _lock.Release();
        }
    }

    /// <summary>All addresses that its HTTP listens on.</summary>
    public async Task<IReadOnlyList<string>> AllUrls()
    {
        await Url();
        return [.. _silo!.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses];
    }

    public async ValueTask DisposeAsync()
    {
        if (_silo is not null)
        {
            await _silo.Stop();
            await _silo.DisposeAsync();
            Directory.Delete(_folder!, recursive: true);
        }

        _lock.Dispose();
    }

    private async Task<SiloHost> Start()
    {
        _folder = Directory.CreateTempSubdirectory("crescent-silo-").FullName;
        var identity = SiloIdentity.Resolve(new ClusterOptions { MembershipFile = Path.Combine(_folder, "membership.json") });
        var silo = SiloHost.Build(
            Settings.Load([new(Settings.Model.Key, Model), new(Settings.Urls.Key, "http://127.0.0.1:0"), new(Settings.KvBlocks.Key, "512"), new(Settings.Threads.Key, "1"), new(Settings.LogLevel.Key, "warning"), new(Settings.WarmUpSeconds.Key, "0"), .. With]),
            identity);
        await silo.Start(TestContext.Current.CancellationToken);
        return silo;
    }
}
