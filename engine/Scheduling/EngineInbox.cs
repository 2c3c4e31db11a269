using System.Collections.Concurrent;
using Crescent.Engine.Kv;
using Crescent.Engine.Model.Text;
using Crescent.Engine.Sampling;
using Crescent.Engine.Sampling.Grammars;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// What other threads want of an engine, in the order in which it is to be done, until the engine's own thread takes it. Safe for use by many threads.
/// </summary>
/// <param name="tokenizer">Of the engine's model.</param>
/// <param name="time">Dates the requests.</param>
/// <param name="arrived">Told, on the thread that brings it, of everything that can be taken.</param>
internal sealed class EngineInbox(Tokenizer tokenizer, TimeProvider time, Action arrived)
{
    private readonly ConcurrentQueue<EngineCommand> _commands = new();
    private readonly Lazy<GrammarCache> _grammars = new(() => new GrammarCache(new TokenVocabulary(tokenizer)));

    // Requests whose grammar is being compiled, and whether they were cancelled meanwhile.
    private readonly ConcurrentDictionary<long, bool> _compiling = new();

    /// <summary>A request is to run: once its grammar is compiled, where it has one.</summary>
    /// <param name="request">It.</param>
    /// <param name="hashRoot">See <see cref="Sequence.HashRoot"/>.</param>
    public void Submit(InferenceRequest request, BlockHash? hashRoot)
    {
        var now = time.GetTimestamp();
        if (request.Sampling.Structure is { } structure)
        {
            _ = SubmitCompiled(request, structure, hashRoot, now);
        }
        else
        {
            Enqueue(new EngineCommand(request.Id, new Sequence(request, tokenizer, hashRoot, now)));
        }
    }

    /// <summary>A request is to end; of one that has ended nothing comes.</summary>
    public void Cancel(long requestId)
    {
        // A request whose grammar is still being compiled is not among the commands yet.
        if (!_compiling.TryUpdate(requestId, true, false))
        {
            Enqueue(new EngineCommand(requestId));
        }
    }

    /// <summary>The cache's blocks are to be told.</summary>
    /// <param name="capacity">Blocks for which room is made here, so that the engine's thread has only to copy.</param>
    public Task<KvDump> Dump(int capacity)
    {
        var dump = new KvDumpRequest(new BlockHash[capacity]);
        Enqueue(new EngineCommand(0, null, dump));
        return dump.Answer.Task;
    }

    /// <summary>Takes the next thing to do. For the engine's thread.</summary>
    public bool TryTake(out EngineCommand command) => _commands.TryDequeue(out command);

    /// <summary>Nobody will take anything any more.</summary>
    public void Close()
    {
        while (TryTake(out var command))
        {
            command.Dump?.Answer.TrySetCanceled();
        }
    }

    private void Enqueue(in EngineCommand command)
    {
        _commands.Enqueue(command);
        arrived();
    }

    /// <summary>Queues a request once its grammar is compiled, which happens on a thread of its own.</summary>
    private async Task SubmitCompiled(InferenceRequest request, OutputStructure structure, BlockHash? hashRoot, long submittedAt)
    {
        _compiling[request.Id] = false;
        Grammar? grammar = null;
        string? fault = null;
        try
        {
            grammar = await _grammars.Value.GetAsync(structure.Source).ConfigureAwait(false);
        }
        catch (GrammarException e)
        {
            fault = e.Message;
        }

        Enqueue(new EngineCommand(request.Id, new Sequence(request, tokenizer, hashRoot, submittedAt, grammar) { Refusal = fault }));
        if (_compiling.TryRemove(request.Id, out var cancelled) && cancelled)
        {
            Enqueue(new EngineCommand(request.Id));
        }
    }
}
