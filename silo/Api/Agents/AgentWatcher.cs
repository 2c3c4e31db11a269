using System.Runtime.CompilerServices;
using Crescent.Grains.Contracts.Agents;

namespace Crescent.Silo.Api.Agents;

/// <summary>Follows a task through the deaths of the silos that it runs in.</summary>
internal static class AgentWatcher
{
    private const int MaxFaults = 60;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>Events after number <paramref name="after"/> to the end of the task; null when nothing has come for <paramref name="pulse"/>.</summary>
    public static async IAsyncEnumerable<AgentEvent?> Follow(
        IGrainFactory grains, string id, long after, TimeSpan pulse, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var faults = 0; faults < MaxFaults; faults++)
        {
            var events = grains.GetGrain<IAgentTaskGrain>(id).Watch(after, cancellationToken).GetAsyncEnumerator(cancellationToken);
            var next = Next(events);
            try
            {
                while (true)
                {
                    if (await Task.WhenAny(next, Task.Delay(pulse, cancellationToken)) != next)
                    {
                        cancellationToken.ThrowIfCancellationRequested();
                        yield return null;
                        continue;
                    }

                    if (await next is not { } news)
                    {
                        break;
                    }

                    faults = 0;
                    after = Math.Max(after, news.Number);
                    yield return news;
                    if (news.Kind == "done")
                    {
                        yield break;
                    }

                    next = Next(events);
                }
            }
            finally
            {
                await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                await Leave(events);
            }

            if (await HasEnded(grains, id))
            {
                yield break;
            }

            // Its silo has gone, or this activation of it: the next call finds it where it is now.
            await Task.Delay(Pause, cancellationToken);
        }
    }

    private static async Task<bool> HasEnded(IGrainFactory grains, string id)
    {
        try
        {
            return await grains.GetGrain<IAgentTaskGrain>(id).Show() is null or { HasEnded: true };
        }
        catch (Exception e) when (IsLost(e))
        {
            return false;
        }
    }

    /// <summary>The next event; null when the enumeration has ended or broken off.</summary>
    private static async Task<AgentEvent?> Next(IAsyncEnumerator<AgentEvent> events)
    {
        try
        {
            return await events.MoveNextAsync() ? events.Current : null;
        }
        catch (Exception e) when (IsLost(e))
        {
            return null;
        }
    }

    private static async Task Leave(IAsyncEnumerator<AgentEvent> events)
    {
        try
        {
            await events.DisposeAsync();
        }
        catch (Exception e) when (IsLost(e))
        {
            // There is nobody to leave.
        }
    }

    private static bool IsLost(Exception e) =>
        e is SiloUnavailableException or OrleansMessageRejectionException or TimeoutException or EnumerationAbortedException or ObjectDisposedException or InvalidOperationException;
}
