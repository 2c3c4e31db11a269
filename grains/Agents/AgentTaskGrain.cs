using System.Runtime.CompilerServices;
using System.Text.Json;
using Crescent.Agents.Strategies;
using Crescent.Agents.Tasks;
using Crescent.Grains.Contracts.Agents;
using Crescent.Grains.Placement;
using Crescent.Grains.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Storage;

namespace Crescent.Grains.Agents;

/// <inheritdoc cref="IAgentTaskGrain"/>
[GrainType(TypeName), Reentrant, FrontPlacement]
internal sealed class AgentTaskGrain(
    [PersistentState("agent-task", CrescentStorage.Name)] IPersistentState<StoredDocument> stored,
    [FromKeyedServices(CrescentStorage.Name)] IGrainStorage storage,
    StepRunner runner,
    StrategyCatalogue strategies,
    ILocalSiloDetails silo,
    TimeProvider time,
    ILogger<AgentTaskGrain> logger) : Grain, IAgentTaskGrain, ITaskKeeper, IDisposable
{
    /// <summary>Its type in stored state and in the directory: it never changes.</summary>
    public const string TypeName = "crescent.agent-task";

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    // For its steps to say what they leave, when the silo stops.
    private static readonly TimeSpan LongestLeave = TimeSpan.FromSeconds(5);

    private TaskLog _log = null!;
    private TaskPlay? _play;
    private Task<AgentView>? _submitting;
    private Task _publishing = Task.CompletedTask;

    private string Id => this.GetPrimaryKeyString();

    private IAgentRosterGrain Roster => GrainFactory.GetGrain<IAgentRosterGrain>(0);

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _log = new TaskLog(stored, storage, Id);
        if (await _log.Read() is var (spec, log))
        {
            Begin(spec, log, isAgain: true);
        }
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (_play is { HasEnded: false } play && runner.Stopping.IsCancellationRequested)
        {
            await play.Leave().WaitAsync(LongestLeave, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
        }

        Dispose();

        // The next activation reads what this one writes last.
        await (_play?.Settled ?? Task.CompletedTask).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose() => _play?.Dispose();

    public async Task<AgentView> Submit(string spec)
    {
        var asked = Read(spec);
        if (_play is null && _submitting is { } other)
        {
            await other;
        }

        if (_play is { } play)
        {
            return Work(play.Spec) == Work(asked) ? View(play) : throw new AgentRefusedException("id", $"The task '{Id}' is there already, and does other work.");
        }

        _submitting = Accept(asked);
        try
        {
            return await _submitting;
        }
        finally
        {
            _submitting = null;
        }
    }

    public Task<AgentView?> Show() => Task.FromResult(_play is { } play ? View(play) : null);

    public async IAsyncEnumerable<AgentEvent> Watch(long after, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (_play is { } play)
        {
            await foreach (var news in play.Shown.Watch(after, cancellationToken))
            {
                yield return news;
            }
        }
    }

    public async Task<AgentView> Decide(string hash, bool approved, string? reason)
    {
        if (_play is not { } play)
        {
            throw new AgentRefusedException("hash", $"There is no task '{Id}'.");
        }

        await play.Decide(hash, approved, reason);
        return View(play);
    }

    public async Task<AgentView?> Cancel()
    {
        if (_play is { HasEnded: false } play)
        {
            await play.Cancel();
        }

        return _play is { } now ? View(now) : null;
    }

    public async Task Forget()
    {
        if (_play is { HasEnded: true })
        {
            await _log.Clear();
            _play = null;
            DeactivateOnIdle();
        }
    }

    public async Task<AgentListing?> Tend()
    {
        if (_submitting is { } submitting)
        {
            await submitting;
        }

        return _play?.Shown.Listing();
    }

    /// <summary>Stores entries, and tries again until it has: while the storage is away the task waits. When another activation has gone on with the task this one ends.</summary>
    public async Task Store(IReadOnlyList<TaskEntry> entries)
    {
        for (var pause = FirstPause; _play is not { IsDisposed: true }; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                await _log.Append(entries);
                return;
            }
            catch (InconsistentStateException e)
            {
                AgentLog.Lost(logger, e, Id);
                _play?.Dispose();
                DeactivateOnIdle();
                return;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                AgentLog.StoreFailed(logger, e, Id);
                await Task.Delay(pause, time);
            }
        }
    }

    public void Publish(AgentEvent news) => _publishing = Publish(_publishing, news);

    public void Broken(Exception fault)
    {
        AgentLog.Broken(logger, fault, Id);
        _play?.Dispose();
        DeactivateOnIdle();
    }

    public void Waits(string step, string why) => AgentLog.Waits(logger, Id, step, why);

    // One after the other; nobody waits for it.
    private async Task Publish(Task before, AgentEvent news)
    {
        await before;
        try
        {
            await this.GetStreamProvider(AgentStreams.Provider).GetStream<AgentEvent>(StreamId.Create(AgentStreams.Namespace, Id)).OnNextAsync(news);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            AgentLog.PublishFailed(logger, e, Id, news.Number);
        }
    }

    private AgentView View(TaskPlay play) => play.Shown.View() with { Silo = silo.Name };

    private async Task<AgentView> Accept(TaskSpec spec)
    {
        var width = new FanOut().Width(spec.Budget.Parallelism, runner.PriceFor(spec));
        spec = spec with { Submitted = time.GetUtcNow(), StartWidth = width < spec.Budget.Parallelism ? width : null };
        await Roster.Note(Listing(spec));
        await _log.Begin(spec);
        Begin(spec, [], isAgain: false);
        return View(_play!);
    }

    private AgentListing Listing(TaskSpec spec)
    {
        using var play = new TaskPlay(Id, spec, [], Strategy(spec), runner, time, this);
        return play.Shown.Listing();
    }

    private void Begin(TaskSpec spec, IReadOnlyList<TaskEntry> log, bool isAgain)
    {
        _play = new TaskPlay(Id, spec, log, Strategy(spec), runner, time, this);
        if (_play.HasEnded)
        {
            return;
        }

        DelayDeactivation(TimeSpan.MaxValue);
        _play.Go(isAgain);
        _ = End(_play);
    }

    // One whose strategy is not there any more ends, so that it can be shown and forgotten.
    private IStrategy Strategy(TaskSpec spec) => !strategies.Has(spec.Strategy)
        ? new Unplayable($"There is no strategy '{spec.Strategy}' in this silo any more.")
        : strategies.Create(spec.Strategy, new StrategyTask(spec.Problem, spec.System, spec.Settings));

    private async Task End(TaskPlay play)
    {
        await play.Ended;
        if (!play.HasEnded)
        {
            return;
        }

        // Back to the age at which the runtime collects what is idle.
        DelayDeactivation(TimeSpan.Zero);
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                await Roster.Note(play.Shown.Listing());
                return;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // The roster asks for it besides.
                AgentLog.RosterFailed(logger, e, Id);
                await Task.Delay(pause, time);
            }
        }
    }

    private TaskSpec Read(string json)
    {
        TaskSpec spec;
        try
        {
            spec = TaskDocument.ParseSpec(json);
        }
        catch (JsonException e)
        {
            throw new AgentRefusedException("spec", $"It is no task: {e.Message}");
        }

        Require(spec.Version == 1, "version", $"it is {spec.Version}; this cluster takes 1");
        Require(spec.Problem is { Length: > 0 and <= TaskSpec.MaxProblem }, "problem", $"it takes 1 to {TaskSpec.MaxProblem} characters");
        Require(strategies.Has(spec.Strategy), "strategy", $"there is no '{spec.Strategy}'; there are {string.Join(", ", strategies.Names)}");
        if (spec.Settings.Fault() is var (setting, range))
        {
            throw new AgentRefusedException(setting, $"'{setting}' takes {range}.");
        }

        if (spec.Budget.Fault() is var (limit, allowed))
        {
            throw new AgentRefusedException($"budget.{limit}", $"'budget.{limit}' takes {allowed}.");
        }

        var model = runner.Model(spec.Model);
        Require(model is not null, "model", $"there is no '{spec.Model}'; the cluster serves {runner.ModelNames}");
        return spec;
    }

    // The same work may be submitted again at another time, with another seed drawn for it, and as a part of another trace.
    private static string Work(TaskSpec spec) => TaskDocument.Write(spec with { Submitted = default, Seed = 0, StartWidth = null, TraceParent = null });

    private static void Require(bool right, string field, string fault)
    {
        if (!right)
        {
            throw new AgentRefusedException(field, $"'{field}': {fault}.");
        }
    }
}
