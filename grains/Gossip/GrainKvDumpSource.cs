using Crescent.Engine.Kv;
using Crescent.Grains.Gpu;
using Crescent.Grains.Kv;

namespace Crescent.Grains.Gossip;

/// <summary>Fetches dumps from the devices' grains, page by page.</summary>
internal sealed class GrainKvDumpSource(IGrainFactory grains) : IKvDumpSource
{
    public async Task<KvDump> Fetch(string device, CancellationToken cancellationToken)
    {
        var grain = grains.GetGrain<IGpuGrain>(device);
        var page = await grain.DumpKv(0, 0).WaitAsync(cancellationToken);
        var hashes = new BlockHash[page.Total];
        for (var count = 0; ;)
        {
            KvEventCodec.ReadHashes(page.Hashes, hashes.AsSpan(count));
            count += page.Hashes.Length / KvEventCodec.HashBytes;
            if (count == hashes.Length)
            {
                return new KvDump(page.Epoch, page.LastId, hashes);
            }

            var first = page;
            page = await grain.DumpKv(page.Dump, count).WaitAsync(cancellationToken);
            if (page.Dump != first.Dump || page.Epoch != first.Epoch || page.Total != hashes.Length)
            {
                throw new TimeoutException($"{device} gave up its dump after {count} of {hashes.Length} hashes: others have asked for newer ones, or it was opened anew.");
            }
        }
    }
}
