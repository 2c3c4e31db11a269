using Crescent.Engine.Sampling.Grammars;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Models;
using Crescent.Grains.Streams;

namespace Crescent.Grains.Requests;

/// <summary>
/// Compiles the grammars of one request before it goes to a device, so that it is told at once what is wrong, and in which field. The
/// device's silo compiles its own, within the same limits but for the time; a front end that has devices shares theirs.
/// </summary>
internal sealed class GrammarCheck : IDisposable
{
    /// <summary>When a request may come again for which there is no room: some large sources have been compiled by then.</summary>
    private static readonly TimeSpan TryAgain = TimeSpan.FromSeconds(5);

    private readonly GrammarCache _grammars;
    private readonly GrammarAsker _asker;
    private readonly RequestDeadline _deadline;
    private readonly CancellationTokenSource _late;
    private readonly CancellationTokenSource _stop;

    /// <param name="model">The model.</param>
    /// <param name="tenant">Whose request it is.</param>
    /// <param name="deadline">Of the request.</param>
    /// <param name="left">The client's leaving.</param>
    /// <exception cref="DeadlineExceededException">It has passed.</exception>
    public GrammarCheck(ServedModel model, string tenant, RequestDeadline deadline, CancellationToken left)
    {
        _grammars = model.Grammars;
        _asker = new GrammarAsker(tenant);
        _deadline = deadline;
        _late = deadline.Timer();
        _stop = CancellationTokenSource.CreateLinkedTokenSource(left, _late.Token);
    }

    /// <summary>Sees that a source can be compiled; gives what of it is not enforced, see <see cref="Grammar.Unenforced"/>.</summary>
    /// <exception cref="GrammarException">It cannot.</exception>
    /// <exception cref="DeadlineExceededException">The deadline came first.</exception>
    /// <exception cref="RequestRefusedException">Too many of the tenant's wait.</exception>
    public async Task<IReadOnlyList<string>> Compile(GrammarSource source)
    {
        try
        {
            using var grammar = await _grammars.UseAsync(source, _asker, _stop.Token);
            return grammar.Grammar.Unenforced;
        }
        catch (GrammarQueueFullException e)
        {
            throw new RequestRefusedException(RefusalReason.Overloaded, e.Message, TryAgain);
        }
        catch (OperationCanceledException e) when (_late.IsCancellationRequested)
        {
            throw _deadline.Exceeded("while the structure of the output was compiled", e);
        }
    }

    public void Dispose()
    {
        _stop.Dispose();
        _late.Dispose();
    }
}
