using Crescent.Control.Kv;
using Crescent.Engine.Kv;
using CsCheck;

namespace Crescent.Tests.Control.Kv;

/// <summary>Any history of events against <see cref="ModelIndex"/>.</summary>
public class KvIndexPropertyTests
{
    private const int Stride = 32;

    private static readonly BlockHash[][] AllChains =
    [
        Chains.Make(1, 0, 1, 1), Chains.Make(1, 1, 2, 31), Chains.Make(1, 20, 3, 33), Chains.Make(1, 64, 4, 200), Chains.Make(1, 150, 5, 700),
        Chains.Make(2, 0, 6, 32), Chains.Make(2, 40, 7, 65), Chains.Make(2, 40, 8, 40), Chains.Make(2, 300, 9, 320), Chains.Make(2, 300, 10, 301),
    ];

    // What happens, to which device, with which chain, from which block on.
    private static readonly Gen<(int Kind, int Device, int Chain, int At)[]> Histories =
        Gen.Select(Gen.Int[0, 99], Gen.Int[0, 99], Gen.Int[0, AllChains.Length - 1], Gen.Int[0, 700]).Array[0, 150];

    [Fact]
    public void Without_holes_the_overlap_is_exact() => Histories.Sample(
        history => Run(history, holes: false, (index, model, overlap, chain) =>
        {
            for (var device = 0; device < index.DeviceLimit; device++)
            {
                Assert.Equal(model.Lead(device, chain), overlap[device]);
            }
        }),
        iter: 120);

    [Fact]
    public void With_holes_the_overlap_ends_with_a_held_block_and_covers_the_lead() => Histories.Sample(
        history => Run(history, holes: true, (index, model, overlap, chain) =>
        {
            for (var device = 0; device < index.DeviceLimit; device++)
            {
                var blocks = overlap[device];
                Assert.True(blocks >= model.Lead(device, chain));
                Assert.True(blocks == 0 || model.Holds(device, chain[blocks - 1]));
                for (var at = 0; at < blocks; at += Stride)
                {
                    Assert.True(model.Holds(device, chain[at]));
                }
            }
        }),
        iter: 120);

    private static void Run(
        (int Kind, int Device, int Chain, int At)[] history, bool holes, Action<KvIndex, ModelIndex, int[], BlockHash[]> check)
    {
        // Made for few devices, so that it has to widen.
        var index = new KvIndex(TimeProvider.System, devices: 8, seed: 12345);
        var model = new ModelIndex();
        foreach (var (kind, number, chainNumber, at) in history)
        {
            var chain = AllChains[chainNumber];
            var device = model.Devices.Count == 0 ? -1 : model.Devices.ElementAt(number % model.Devices.Count);
            if (device < 0 || kind < 15)
            {
                for (var i = 0; i < (kind == 0 ? 100 : 3); i++)
                {
                    Assert.Equal(model.AddDevice(), index.AddDevice());
                }
            }
            else if (kind < 18)
            {
                model.RemoveDevice(device);
                index.RemoveDevice(device);
            }
            else if (kind < 25)
            {
                model.Reset(device);
                index.Reset(device);
            }
            else if (kind < 75)
            {
                // Many devices hold the same, so that sets of all sizes come about.
                foreach (var other in model.Devices.Where(d => d % (1 + (kind % 7)) == device % (1 + (kind % 7))))
                {
                    var from = holes && kind % 2 == 0 ? at % chain.Length : 0;
                    var hashes = chain[from..(from + 1 + (at * 3 % (chain.Length - from)))];
                    model.Stored(other, hashes);
                    index.Stored(other, hashes);
                }
            }
            else
            {
                foreach (var other in model.Devices.Where(d => d % (1 + (kind % 5)) == device % (1 + (kind % 5))))
                {
                    // Tail first means that the blocks of other chains that come after a freed one are freed as well.
                    var from = at % chain.Length;
                    var hashes = holes
                        ? chain[from..Math.Min(from + 40, chain.Length)]
                        : [.. AllChains.Where(c => c.Length > from && c[from] == chain[from]).SelectMany(c => c[from..])];
                    model.Evicted(other, hashes);
                    index.Evicted(other, hashes);
                }
            }
        }

        var overlap = new int[index.DeviceLimit];
        foreach (var chain in AllChains)
        {
            Array.Fill(overlap, -1);
            index.Overlap(chain, overlap);
            check(index, model, overlap, chain);
        }

        Assert.All(model.Devices, device => Assert.Equal(model.BlocksOf(device), index.BlocksOf(device)));
    }
}
