using System.Text.Json;
using Crescent.Grains.Contracts.Agents;
using Crescent.Grains.Placement;
using Crescent.Grains.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;

namespace Crescent.Grains.Agents;

/// <inheritdoc cref="IAgentRosterGrain"/>
[GrainType("crescent.agent-roster"), Reentrant, FrontPlacement]
internal sealed class AgentRosterGrain(
    [PersistentState("agent-roster", CrescentStorage.Name)] IPersistentState<StoredDocument> stored, IOptions<AgentOptions> options, ILogger<AgentRosterGrain> logger)
    : Grain, IAgentRosterGrain
{
    // Tasks tended side by side.
    private const int AtOnce = 64;

    private readonly Dictionary<string, AgentListing> _tasks = new(StringComparer.Ordinal);
    private Task _save = Task.CompletedTask;
    private Task? _next;
    private Task? _tending;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (stored.State.Json.Length > 0)
        {
            foreach (var task in JsonSerializer.Deserialize<List<AgentListing>>(stored.State.Json) ?? [])
            {
                _tasks[task.Id] = task;
            }
        }

        return Task.CompletedTask;
    }

    public async Task Note(AgentListing task)
    {
        if (_tasks.TryGetValue(task.Id, out var known) && known.Ended is not null)
        {
            return;
        }

        if (known is null && task.Ended is null && _tasks.Values.Count(static other => other.Ended is null) >= options.Value.MaxTasks)
        {
            throw new AgentRefusedException(
                "", $"{options.Value.MaxTasks} tasks have not ended, as many as may be ({AgentOptions.Section}:{nameof(AgentOptions.MaxTasks)}).", TimeSpan.FromSeconds(10));
        }

        _tasks[task.Id] = task;
        Forget();
        await Save();
    }

    public Task<IReadOnlyList<AgentListing>> List(string? tenant, int most) => Task.FromResult<IReadOnlyList<AgentListing>>(
        [.. _tasks.Values.Where(task => tenant is null || task.Tenant == tenant).OrderByDescending(static task => task.Submitted).Take(Math.Clamp(most, 0, AgentOptions.MostKept))]);

    public async Task Tend()
    {
        // One that is under way may have passed by a task whose silo has died since.
        await (_tending ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
        await (_tending is { IsCompleted: false } next ? next : _tending = TendAll());
    }

    private async Task TendAll()
    {
        var changed = false;
        foreach (var some in _tasks.Values.Where(static task => task.Ended is null).Chunk(AtOnce).ToArray())
        {
            await Task.WhenAll(some.Select(async task =>
            {
                try
                {
                    var stands = await GrainFactory.GetGrain<IAgentTaskGrain>(task.Id).Tend();
                    if (stands is null)
                    {
                        // Its submission failed after it was noted.
                        changed |= _tasks.TryGetValue(task.Id, out var now) && ReferenceEquals(now, task) && _tasks.Remove(task.Id);
                    }
                    else if (stands.Ended is not null)
                    {
                        _tasks[task.Id] = stands;
                        changed = true;
                    }
                }
                catch (Exception e)
                {
                    AgentLog.TendFailed(logger, e, task.Id);
                }
            }));
        }

        if (changed)
        {
            Forget();
            await Save();
        }
    }

    private void Forget()
    {
        var ended = _tasks.Values.Where(static task => task.Ended is not null).ToArray();
        foreach (var task in ended.OrderBy(static task => task.Ended).Take(ended.Length - options.Value.Kept))
        {
            _tasks.Remove(task.Id);
            _ = Forget(task.Id);
        }
    }

    private async Task Forget(string id)
    {
        try
        {
            await GrainFactory.GetGrain<IAgentTaskGrain>(id).Forget();
        }
        catch (Exception e)
        {
            // Its state stays where it is; nobody lists it any more.
            AgentLog.TendFailed(logger, e, id);
        }
    }

    /// <summary>Stores what is there now. Those that ask while one is written share the next.</summary>
    private Task Save()
    {
        if (_next is null)
        {
            _next = After(_save);
        }

        return _next;

        async Task After(Task last)
        {
            await last.ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
            await Task.Yield();
            _save = _next!;
            _next = null;
            stored.State.Json = JsonSerializer.Serialize(_tasks.Values);
            await stored.WriteStateAsync();
        }
    }
}
