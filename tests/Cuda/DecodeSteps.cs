using Crescent.Engine.Cuda;
using Crescent.Engine.Devices;

namespace Crescent.Tests.Cuda;

/// <summary>Decode steps without an engine.</summary>
internal static class DecodeSteps
{
    /// <summary>One token of each of several sequences, all at one position.</summary>
    /// <returns>The logits of all.</returns>
    public static float[] Logits(CudaDevice device, int batch, int position)
    {
        var plan = new StepPlan(KvBlockSize.Of(device.Info), groups: device.Info.KvGroups.Count);
        for (var i = 0; i < batch; i++)
        {
            plan.Add([7 + i + position], position, [i], LogitsWanted.Last, stateSlot: device.Info.StateSlots > 0 ? i : -1);
            for (var group = 1; group < plan.Groups; group++)
                plan.AddTable([(group * batch) + i], 0);
        }

        var result = device.Execute(plan);
        var logits = new List<float>();
        for (var i = 0; i < batch; i++)
            logits.AddRange(result.Logits(i));
        return [.. logits];
    }

    /// <summary>Returns when all copies that were queued are done.</summary>
    public static void AwaitCopies(CudaDevice device)
    {
        while (device.Group.CopiesUnderWay)
            device.WaitForCopy();
    }

    /// <summary>The bytes of a GPU's block, of its share.</summary>
    public static unsafe byte[] Block(CudaRank rank, int block)
    {
        var bytes = new byte[rank.Kv.BlockBytes];
        fixed (byte* target = bytes)
        {
            rank.Context.Enter();
            rank.Kv.Copy(new KvCopy(KvCopyKind.ToHost, block, (nint)target), rank.Context.Stream);
            rank.Context.Synchronize();
        }

        return bytes;
    }
}
