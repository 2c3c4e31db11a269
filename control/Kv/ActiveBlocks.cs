using Crescent.Engine.Kv;

namespace Crescent.Control.Kv;

/// <summary>
/// Which KV blocks of prompts are in use on each device, by the calls that were placed there and have not ended: a block that several calls share counts once. As
/// NVIDIA Dynamo's router keeps it: prompts from the moment of the decision on, whether begun or not; answers do not count. Not safe for use by several threads.
/// </summary>
/// <remarks>Hashes name whole histories, so that what a device has in use of a chain is a prefix of it.</remarks>
public sealed class ActiveBlocks
{
    private readonly Dictionary<string, Books> _devices = new(StringComparer.Ordinal);
    private readonly Dictionary<long, Held> _calls = [];
    private BlockHash[] _chain = new BlockHash[64];
    private int _length;
    private int _blocks;

    /// <summary>Says what the call in hand consists of: to be told before a decision.</summary>
    /// <param name="chain">Hashes of its whole blocks; none where its content is not known.</param>
    /// <param name="blocks">Blocks of its prompt in all; what the chain does not name is like no other's.</param>
    public void Look(ReadOnlySpan<BlockHash> chain, int blocks)
    {
        if (_chain.Length < chain.Length)
        {
            _chain = new BlockHash[Math.Max(chain.Length, _chain.Length * 2)];
        }

        chain.CopyTo(_chain);
        (_length, _blocks) = (chain.Length, Math.Max(blocks, chain.Length));
    }

    /// <summary>Blocks in use on a device.</summary>
    public int Count(string device) => _devices.TryGetValue(device, out var books) ? books.Count : 0;

    /// <summary>Blocks of the call in hand that are not in use on a device.</summary>
    public int New(string device)
    {
        if (_length == 0 || !_devices.TryGetValue(device, out var books))
        {
            return _blocks;
        }

        var (low, high) = (0, _length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = books.Uses.ContainsKey(_chain[middle]) ? (middle + 1, high) : (low, middle);
        }

        return _blocks - low;
    }

    /// <summary>The call in hand was placed on a device, under a number of its own.</summary>
    public void Add(long id, string device)
    {
        Release(id);
        var held = new Held(device, _length == 0 ? [] : _chain.AsSpan(0, _length).ToArray(), _blocks);
        _calls.Add(id, held);
        Use(held, 1);
    }

    /// <summary>A call is on another device.</summary>
    public void Move(long id, string device)
    {
        if (_calls.TryGetValue(id, out var held))
        {
            Use(held, -1);
            _calls[id] = held = held with { Device = device };
            Use(held, 1);
        }
    }

    /// <summary>A call has ended.</summary>
    public void Release(long id)
    {
        if (_calls.Remove(id, out var held))
        {
            Use(held, -1);
        }
    }

    private void Use(in Held held, int sign)
    {
        if (!_devices.TryGetValue(held.Device, out var books))
        {
            _devices.Add(held.Device, books = new Books());
        }

        // Blocks that nobody can name are shared with nobody.
        books.Count += sign * (held.Blocks - held.Chain.Length);
        foreach (var hash in held.Chain)
        {
            var uses = books.Uses.GetValueOrDefault(hash) + sign;
            if (uses == 0)
            {
                books.Uses.Remove(hash);
                books.Count--;
            }
            else
            {
                books.Count += uses == 1 && sign > 0 ? 1 : 0;
                books.Uses[hash] = uses;
            }
        }
    }

    private readonly record struct Held(string Device, BlockHash[] Chain, int Blocks);

    private sealed class Books
    {
        public int Count { get; set; }

        public Dictionary<BlockHash, int> Uses { get; } = [];
    }
}
