using System.Collections.Concurrent;
using Crescent.Engine.Devices;
using Crescent.Engine.Kv;
using Crescent.Engine.Model.Text;
using Crescent.Engine.Sampling.Grammars;

namespace Crescent.Engine.Scheduling;

/// <summary>
/// What other threads want of an engine, in the order in which it is to be done, until the engine's own thread takes it. Safe for use by many threads.
/// </summary>
internal sealed class EngineInbox
{
    private readonly Tokenizer _tokenizer;
    private readonly KvBlockSize _blockSize;
    private readonly TimeProvider _time;
    private readonly Action _arrived;
    private readonly ConcurrentQueue<EngineCommand> _commands = new();
    private readonly PendingGrammars _pending;

    /// <param name="tokenizer">Of the engine's model.</param>
    /// <param name="blockSize">Of the engine's device.</param>
    /// <param name="grammars">Of that model.</param>
    /// <param name="time">Dates the requests.</param>
    /// <param name="arrived">Told, on the thread that brings it, of everything that can be taken.</param>
    public EngineInbox(Tokenizer tokenizer, KvBlockSize blockSize, GrammarCache grammars, TimeProvider time, Action arrived)
    {
        _tokenizer = tokenizer;
        _blockSize = blockSize;
        _time = time;
        _arrived = arrived;
        _pending = new PendingGrammars(tokenizer, blockSize, grammars, time, command => Enqueue(command));
    }

    /// <summary>A request is to run: once its grammar is compiled, where it has one. One that cannot be prepared ends with an error.</summary>
    /// <param name="request">It.</param>
    /// <param name="hashRoot">See <see cref="Sequence.HashRoot"/>.</param>
    public void Submit(InferenceRequest request, BlockHash? hashRoot)
    {
        var now = _time.GetTimestamp();
        if (request.Sampling.Structure is not null)
        {
            _ = _pending.Add(request, hashRoot, now);
            return;
        }

        EngineCommand command;
        try
        {
            command = EngineCommand.Run(new Sequence(request, _tokenizer, _blockSize, hashRoot, now));
        }
        catch (Exception fault)
        {
            command = EngineCommand.End(new EndedRequest(request, now, FinishReason.Error, null, fault));
        }

        Enqueue(command);
    }

    /// <summary>A request is to end; of one that has ended nothing comes.</summary>
    public void Cancel(long requestId)
    {
        if (!_pending.Cancel(requestId))
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

    /// <summary>Things that nobody has taken yet, and requests whose grammar is being compiled.</summary>
    public int Count => _commands.Count + _pending.Count;

    /// <summary>Takes the next thing to do. For the engine's thread.</summary>
    public bool TryTake(out EngineCommand command) => _commands.TryDequeue(out command);

    /// <summary>Ends the requests whose grammar is still being compiled, with an error.</summary>
    public void EndPending(string error) => _pending.EndAll(FinishReason.Error, error);

    /// <summary>Nobody will take anything any more.</summary>
    public void Close()
    {
        EndPending("The engine has stopped.");
        while (TryTake(out var command))
        {
            command.Dump?.Answer.TrySetCanceled();
            command.Sequence?.Grammar?.Dispose();
        }
    }

    private void Enqueue(in EngineCommand command)
    {
        _commands.Enqueue(command);
        _arrived();
    }
}
