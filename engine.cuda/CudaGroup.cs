using System.Globalization;
using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Cuda.Parallel;
using Crescent.Engine.Devices;
using Crescent.Engine.Model.Architectures;

namespace Crescent.Engine.Cuda;

/// <summary>
/// The GPUs of a device. A step is cut where the GPUs' parts are added up and queued on all GPUs piece by piece from one thread, so that what is waited for is
/// always queued first; an error that stays with one GPU makes all of them sick.
/// </summary>
internal sealed class CudaGroup : IDisposable
{
    private readonly List<CudaRank> _ranks = [];
    private HostCopies? _copies; // once it is complete

    /// <summary>Opens the GPUs and brings the model up on them.</summary>
    /// <param name="graph">The whole model.</param>
    /// <param name="options">The device's.</param>
    /// <param name="host">See <see cref="CudaRank"/>; for one GPU.</param>
    public CudaGroup(DecoderGraph graph, CudaDeviceOptions options, CudaRank? host = null)
    {
        try
        {
            var parts = options.Gpus.Count;
            DecoderGraph[] shares = [.. Enumerable.Range(0, parts).Select(part => GraphShare.Of(graph, part, parts))];
            for (var part = 0; part < parts; part++)
            {
                _ranks.Add(new CudaRank(options, part, host));
            }

            CheckAlike(options.Name);
            Direct = options.PeerAccess && _ranks.All(rank => _ranks.All(other => other == rank || rank.Context.TryReach(other.Context)));
            long done = 0, all = shares.Sum(BytesOf);
            var share = 0;
            foreach (var rank in _ranks)
            {
                rank.Load(shares[share++], bytes => options.Progress?.Invoke(done += bytes, all));
            }

            var states = _ranks.Min(static rank => rank.StatesThatFit());
            foreach (var rank in _ranks)
            {
                rank.Prepare(states, Direct);
            }

            // All choose the same kernels, so that all find the same.
            BlasFault = _ranks.Select(static rank => rank.BlasFault).FirstOrDefault(static fault => fault is not null);
            foreach (var rank in BlasFault is null ? [] : _ranks)
            {
                rank.Products.VendorRows = int.MaxValue;
            }

            if (parts > 1)
            {
                PeerSums.Link([.. _ranks.Select(static rank => rank.Sums!)]);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Takes the blocks, once, before any step.</summary>
    /// <param name="blocks">Blocks for so many bytes of the GPU that has least left.</param>
    public void Complete(Func<long, int> blocks)
    {
        var count = _ranks.Min(rank => blocks(rank.FreeForBlocks()));
        foreach (var rank in _ranks)
        {
            rank.Complete(count);
        }

        _copies = new HostCopies([.. _ranks.Select(static rank => rank.Context)]);
    }

    /// <summary>GPU by GPU; the first gives results.</summary>
    public IReadOnlyList<CudaRank> Ranks => _ranks;

    /// <summary>Part 0.</summary>
    public CudaRank Leader => _ranks[0];

    /// <summary>Whether each GPU reads every other's memory.</summary>
    public bool Direct { get; }

    /// <summary>Why cuBLAS does not multiply the rows of long prompts on any of the GPUs, or null.</summary>
    public string? BlasFault { get; }

    /// <summary>Bytes taken on all GPUs, by purpose.</summary>
    public IReadOnlyDictionary<string, long> Memory => _ranks.SelectMany(static rank => rank.Memory.Account).GroupBy(static part => part.Key)
        .ToDictionary(static parts => parts.Key, static parts => parts.Sum(static part => part.Value));

    /// <summary>Bytes of a block: all GPUs' together, or one's where those of all have the same.</summary>
    public long BlockBytes => Leader.Shares.IsLatent ? Leader.Kv.BlockBytes : _ranks.Sum(static rank => rank.Kv.BlockBytes);

    /// <summary>States for sequences on each GPU; 0 where no layer keeps one.</summary>
    public int StateSlots => Leader.States?.Slots ?? 0;

    /// <summary>Bytes of a state, all GPUs' together; 0 where no layer keeps one.</summary>
    public long StateBytes => _ranks.Sum(static rank => rank.States?.BytesOfOne ?? 0);

    /// <summary>For a human.</summary>
    public string Description
    {
        get
        {
            var gpu = Leader.Context.Gpu;
            var each = $"{gpu.Name}, {gpu.MemoryBytes >> 20} MiB, {gpu.Multiprocessors} multiprocessors, compute capability {gpu.Major}.{gpu.Minor}";
            return _ranks.Count == 1 ? each : string.Create(CultureInfo.InvariantCulture, $"{_ranks.Count} GPUs ({(Direct ? "peer access" : "copies between them")}): {each}");
        }
    }

    /// <summary>Makes the first GPU's context this thread's.</summary>
    /// <exception cref="CudaDeviceException">One of the GPUs is sick, and all are from now on.</exception>
    public void Enter()
    {
        SpreadSickness();
        Leader.Context.Enter();
    }

    /// <summary>Changes with the addresses of what steps read.</summary>
    public int Moved
    {
        get
        {
            var moved = 0;
            foreach (var rank in _ranks)
            {
                moved += rank.Layout.Moved;
            }

            return moved;
        }
    }

    /// <summary>Tells all GPUs of a step.</summary>
    /// <param name="plan">It has been checked.</param>
    /// <param name="tokens">See <see cref="Steps.StepLayout.Write"/>, as for the others.</param>
    /// <param name="rows">Rows of logits.</param>
    /// <param name="roundsParts">Whether numbers of parts are powers of two.</param>
    public void Write(StepPlan plan, int tokens, int rows, bool roundsParts)
    {
        for (var i = _ranks.Count - 1; i >= 0; i--)
        {
            var rank = _ranks[i];
            rank.Context.Enter();
            rank.Layout.Write(plan, tokens, rows, roundsParts, rank.Kv.Spare);
            rank.Decoder.Inputs?.Write(plan);
        }
    }

    /// <summary>Queues a step on all GPUs, kernel by kernel; they have been told of it.</summary>
    /// <param name="tokens">Tokens.</param>
    /// <param name="rows">Rows of logits.</param>
    /// <param name="hiddenRows">Hidden states.</param>
    public void Run(int tokens, int rows, int hiddenRows)
    {
        foreach (var rank in _ranks)
        {
            rank.Context.Enter();
            rank.Decoder.Begin(tokens);
        }

        for (var sum = 0; sum < Leader.Decoder.SumCount; sum++)
        {
            var floats = 0;
            foreach (var rank in _ranks)
            {
                rank.Context.Enter();
                floats = rank.Decoder.Part(sum, tokens);
                rank.Sums!.Mark();
            }

            foreach (var rank in _ranks)
            {
                rank.Context.Enter();
                rank.Sums!.Reduce(floats);
            }

            foreach (var rank in _ranks)
            {
                rank.Context.Enter();
                rank.Decoder.Join(sum, tokens);
            }

            foreach (var rank in _ranks)
            {
                rank.Sums!.Turn();
            }
        }

        Leader.Context.Enter();
        Leader.Decoder.End(rows, hiddenRows);
    }

    /// <summary>Copies that are done, of all that were given since the start; all that there ever will be where one of the GPUs is lost.</summary>
    public long CopiesDone
    {
        get
        {
            try
            {
                return _copies!.Done();
            }
            catch (CudaDeviceException) when (SpreadSickness())
            {
                return long.MaxValue;
            }
        }
    }

    /// <summary>Whether some are not done.</summary>
    public bool CopiesUnderWay => CopiesDone < _copies!.Given;

    /// <summary>Waits until <see cref="CopiesDone"/> has grown, where some are under way.</summary>
    public void WaitForCopy()
    {
        try
        {
            var before = CopiesDone;
            if (before < _copies!.Given)
            {
                Patience.Until((Group: this, Before: before), static waited => waited.Group.CopiesDone > waited.Before ? null : waited.Group.Leader.Context);
            }
        }
        catch (CudaDeviceException) when (SpreadSickness())
        {
            // It has grown: see there.
        }
    }

    /// <summary>A step is about to be queued; the first GPU's context is this thread's then.</summary>
    public void BeforeStep()
    {
        _copies!.BeforeStep();
        Leader.Context.Enter();
    }

    /// <summary>Queues a copy. What fails on some of several GPUs makes the device sick: it cannot be done again.</summary>
    /// <param name="copy">Of a block or of a state that there are.</param>
    /// <param name="bytes">Of a state that are copied from or to the host.</param>
    public void Copy(in KvCopy copy, int bytes)
    {
        try
        {
            _copies!.Begin(copy);
            if (copy.Kind is KvCopyKind.State or KvCopyKind.StateToHost or KvCopyKind.StateFromHost)
            {
                CopyState(copy, bytes);
            }
            else
            {
                CopyBlock(copy);
            }

            _copies.Queued(copy);
        }
        catch (CudaDeviceException fault) when (_ranks.Count > 1)
        {
            Leader.Context.GiveUp(fault.Message);
            SpreadSickness();
            throw;
        }
    }

    // Each GPU's share of a block; of blocks that are the same on all, to the host the first GPU's.
    private void CopyBlock(in KvCopy copy)
    {
        for (var i = 0; i < _ranks.Count; i++)
        {
            if (i == 0 || copy.Kind != KvCopyKind.ToHost || !_ranks[i].Shares.IsLatent)
            {
                _ranks[i].Copy(copy, _copies!.StreamOf(i, copy));
            }
        }
    }

    // In the host's memory the shares of all GPUs lie one after the other.
    private void CopyState(in KvCopy copy, int bytes)
    {
        if (!copy.IsWithin)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(copy.Offset);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(copy.Offset + bytes, StateBytes);
        }

        var start = 0L; // of the GPU's share
        for (var i = 0; i < _ranks.Count; i++)
        {
            _ranks[i].CopyState(copy, bytes, start, _copies!.StreamOf(i, copy));
            start += _ranks[i].States!.BytesOfOne;
        }
    }

    /// <summary>Marks the end of a step on all GPUs.</summary>
    public void Mark()
    {
        foreach (var rank in _ranks)
        {
            rank.Context.Enter();
            rank.Ended.Record(rank.Context.Stream);
        }
    }

    /// <summary>Waits for the end of a step on all GPUs; the first one's context is this thread's then.</summary>
    /// <exception cref="CudaDeviceException">One of the GPUs has failed, or not finished in time.</exception>
    public void Wait() => Patience.Until(this, static group => group.Late(static (gpus, i) => gpus._ranks[i].Ended.IsDone()));

    /// <summary>Waits for all that was queued on all GPUs; the first one's context is this thread's then.</summary>
    /// <exception cref="CudaDeviceException">One of the GPUs has failed, or not finished in time.</exception>
    public void Synchronize() => Patience.Until(this, static group => group.Late(static (gpus, i) => gpus._ranks[i].Context.IsIdle() && gpus._copies?.IsIdle(i) != false));

    /// <summary>Ends all contexts: those of sick GPUs whoever else holds them, once the work of healthy ones is done.</summary>
    public void Dispose()
    {
        if (!SpreadSickness())
        {
            try
            {
                Synchronize();
            }
            catch (Exception fault) when (fault is CudaDeviceException or ManagedCuda.CudaException)
            {
                // It failed at its last work, which nobody waits for any more.
                SpreadSickness();
            }
        }

        _copies?.Dispose();
        foreach (var rank in _ranks)
        {
            rank.Dispose();
        }
    }

    // All are asked, those too that are done: one that is lost says so while others wait for it.
    private GpuContext? Late(Func<CudaGroup, int, bool> isDone)
    {
        GpuContext? late = null;
        for (var i = _ranks.Count - 1; i >= 0; i--)
        {
            _ranks[i].Context.Enter();
            late = isDone(this, i) ? late : _ranks[i].Context;
        }

        return late;
    }

    // Each finds the experts of a token by itself: with other kernels or shares of them it might find others where two are nearly as likely.
    private void CheckAlike(string name)
    {
        var first = Leader.Context.Gpu;
        foreach (var gpu in _ranks.Select(static rank => rank.Context.Gpu))
        {
            if ((gpu.Name, gpu.Major, gpu.Minor, gpu.Multiprocessors) != (first.Name, first.Major, first.Minor, first.Multiprocessors))
            {
                throw new CudaDeviceException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"GPUs of one device must be alike: of {name}, GPU {first.Index} is {first.Name} with {first.Multiprocessors} multiprocessors, GPU {gpu.Index} is {gpu.Name} with {gpu.Multiprocessors}; have a device for each kind"));
            }
        }
    }

    private static long BytesOf(DecoderGraph graph) => graph.Operators.SelectMany(static step => step.Matrices).Sum(static matrix => matrix.ByteLength)
        + graph.TokenEmbedding.ByteLength + (graph.PerLayer is { } told ? told.Tokens.ByteLength + told.Projection.ByteLength : 0)
        + (ReferenceEquals(graph.Output, graph.TokenEmbedding) ? 0 : graph.Output.ByteLength);

    /// <summary>Makes all GPUs sick where one is: the others may wait for what never comes, and what they have of this step is worth nothing.</summary>
    /// <returns>Whether they are.</returns>
    public bool SpreadSickness()
    {
        string? fault = null;
        foreach (var rank in _ranks)
        {
            fault ??= rank.Context.Sickness;
        }

        if (fault is null)
        {
            return false;
        }

        foreach (var rank in _ranks)
        {
            rank.Context.GiveUp(fault);
        }

        return true;
    }
}
