using Crescent.Grains.Contracts.Factory;
using Crescent.Silo.Api.Wire;
using Crescent.Silo.Configuration;
using Crescent.Silo.Identity;
using Microsoft.Net.Http.Headers;

namespace Crescent.Silo.Supervision;

/// <summary>The cluster's HTTP front end as its supervisor asks it.</summary>
internal static class FrontEnd
{
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(50);

    /// <summary>Waits until the cluster at <paramref name="url"/> serves with <paramref name="devices"/> devices, and gives its state.</summary>
    /// <exception cref="StartException">It does not within <paramref name="patience"/>.</exception>
    public static async Task<FactorySnapshot> WaitUntilServing(string url, ProcessKey key, int devices, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = new Uri(url) };
        http.DefaultRequestHeaders.Add(HeaderNames.Authorization, key.Header);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(patience);
        var last = "it does not answer";
        try
        {
            while (true)
            {
                try
                {
                    var factory = await http.GetFromJsonAsync("/v1/factory", ApiJson.Readable.FactorySnapshot, deadline.Token);
                    if (factory is not null && factory.Devices.Count >= devices)
                    {
                        using var health = await http.GetAsync("/health", deadline.Token);
                        if (health.IsSuccessStatusCode)
                        {
                            return factory;
                        }

                        last = $"its health is {await health.Content.ReadAsStringAsync(deadline.Token)}";
                    }
                    else
                    {
                        last = $"it sees {factory?.Devices.Count ?? 0} of {devices} devices";
                    }
                }
                catch (HttpRequestException e)
                {
                    last = e.Message;
                }

                await Task.Delay(Between, deadline.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new StartException($"The front end at {url} did not serve within {patience.TotalSeconds:0} s: {last}.");
        }
    }
}
