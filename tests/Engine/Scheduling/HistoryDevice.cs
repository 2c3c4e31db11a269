using System.Runtime.InteropServices;
using Crescent.Engine.Devices;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>
/// A device whose next token is a hash of the sequence's whole history, read back through the block table: a wrong block, a wrong
/// position or a lost token changes every token after it. Each further group of layers has the tokens in blocks of its own, and must find there what it sees. With states it
/// says what the hash in its sequence's state says, which must be that of the history too.
/// </summary>
internal sealed class HistoryDevice(int blocks, int vocabulary = 128, int maxContext = 4096, int maxStepTokens = 512, int maxLogitRows = 64, DeviceProfile? profile = null, int blockSize = HistoryDevice.DefaultBlockSize,
    int states = 0, params KvReach[] windows) : IDevice
{
    public const int DefaultBlockSize = 16;

    private readonly int[] _kv = Enumerable.Repeat(-1, blocks * blockSize).ToArray();
    private readonly float[] _logits = new float[maxLogitRows * vocabulary];
    private readonly float[] _hidden = new float[maxStepTokens * HiddenSize];

    // Of each state the position it is at, the hash of all before, and more of the hash: what is lost of it shows.
    private readonly uint[] _states = new uint[states * StateWords];

    public const int HiddenSize = 5;

    /// <summary>Words of a state: not a whole number of blocks.</summary>
    public const int StateWords = 50;

    public DeviceInfo Info { get; } = new()
    {
        Name = "history",
        Description = "test double",
        BlockSize = blockSize,
        BlockCount = blocks,
        BlockBytes = blockSize * sizeof(int),
        KvGroups = [default, .. windows],
        StateSlots = states,
        StateBytes = states > 0 ? StateWords * sizeof(uint) : 0,
        MaxStepTokens = maxStepTokens,
        MaxLogitRows = maxLogitRows,
        MaxContext = maxContext,
        VocabularySize = vocabulary,
        HiddenSize = HiddenSize,
        Profile = profile,
    };

    public int Steps { get; private set; }

    public long TokensComputed { get; private set; }

    public int LargestBatch { get; private set; }

    /// <summary>Called before each step; may throw to make it fail.</summary>
    public Action<StepPlan>? BeforeStep { get; set; }

    /// <summary>The token that follows <paramref name="history"/> on any such device.</summary>
    public static int Next(ReadOnlySpan<int> history, int vocabulary = 128)
    {
        var hash = Start;
        foreach (var token in history)
        {
            hash = Hash(hash, token);
        }

        return TokenOf(hash, vocabulary);
    }

    private const uint Start = 17;

    internal static uint Hash(uint hash, int token)
    {
        hash = (hash * 31) + (uint)token + 7;
        return hash ^ (hash >> 13);
    }

    // Token 0 is the end of generation in these tests and never comes by itself.
    internal static int TokenOf(uint hash, int vocabulary) => 1 + (int)(hash % (uint)(vocabulary - 1));

    /// <summary>The hidden state of the last token of <paramref name="history"/> on any such device.</summary>
    public static float[] HiddenState(ReadOnlySpan<int> history)
    {
        var hash = Start;
        foreach (var token in history)
        {
            hash = Hash(hash, token);
        }

        return [Next(history), -Next(history[..(history.Length / 2)]), history.Length, hash & 0xFFFF, hash >> 16];
    }

    /// <summary>The embedding that any engine over such a device must give for <paramref name="prompt"/>.</summary>
    public static float[] Embedding(int[] prompt)
    {
        var sum = new double[HiddenSize];
        for (var position = 0; position < prompt.Length; position++)
        {
            var state = HiddenState(prompt.AsSpan(0, position + 1));
            for (var i = 0; i < sum.Length; i++)
            {
                sum[i] += state[i];
            }
        }

        // The states are whole numbers, so that their sum is exact and only the last two roundings are left.
        var scale = 1 / Math.Sqrt(sum.Sum(static value => value * value));
        return Array.ConvertAll(sum, value => (float)(value * scale));
    }

    public void Begin(StepPlan plan)
    {
        Assert.Equal(blockSize, plan.BlockSize.Positions);
        BeforeStep?.Invoke(plan);
        Steps++;
        LargestBatch = Math.Max(LargestBatch, plan.Slices.Length);
        TokensComputed += plan.AllTokens.Length;
        Assert.True(plan.AllTokens.Length <= Info.MaxStepTokens);
        Assert.True(plan.LogitsRowCount <= Info.MaxLogitRows);
        Info.Check(plan);
        for (var s = 0; s < plan.Slices.Length; s++)
        {
            var slice = plan.Slices[s];
            var tokens = plan.Tokens(slice);
            for (var i = 0; i < tokens.Length; i++)
            {
                for (var group = 0; group < plan.Groups; group++)
                {
                    _kv[Address(plan.Table(s, group), slice.StartPosition + i)] = tokens[i];
                }
            }
        }

        for (var s = 0; s < plan.Slices.Length; s++)
        {
            var slice = plan.Slices[s];
            CheckWindows(plan, s, slice);
            var said = states > 0 ? Advance(plan.Tokens(slice), slice) : [];
            if (slice.Logits == LogitsWanted.None && slice.HiddenRow < 0)
            {
                continue;
            }

            var table = plan.Table(s, 0);
            var end = slice.StartPosition + slice.TokenCount;
            var history = new int[end];
            for (var position = 0; position < end; position++)
            {
                history[position] = _kv[Address(table, position)];
            }

            for (var row = 0; slice.HiddenRow >= 0 && row < slice.TokenCount; row++)
            {
                HiddenState(history.AsSpan(0, slice.StartPosition + row + 1)).CopyTo(_hidden.AsSpan((slice.HiddenRow + row) * HiddenSize));
            }

            for (var row = 0; row < slice.LogitsRowCount; row++)
            {
                var logits = _logits.AsSpan((slice.LogitsRow + row) * vocabulary, vocabulary);
                logits.Clear();
                var next = Next(history.AsSpan(0, end - slice.LogitsRowCount + row + 1), vocabulary);
                logits[next] = 10;
                Assert.True(states == 0 || said[slice.TokenCount - slice.LogitsRowCount + row] == next, $"the state of {slice} is not that of its history");
            }
        }
    }

    public StepResult End() => new(_logits, vocabulary, TimeSpan.FromMilliseconds(1), _hidden, HiddenSize);

    public void CopyBlock(int from, int to) =>
        _kv.AsSpan(from * blockSize, blockSize).CopyTo(_kv.AsSpan(to * blockSize));

    public void ReadBlock(int block, Span<byte> destination) =>
        MemoryMarshal.AsBytes(_kv.AsSpan(block * blockSize, blockSize)).CopyTo(destination);

    public void WriteBlock(int block, ReadOnlySpan<byte> source) =>
        source.CopyTo(MemoryMarshal.AsBytes(_kv.AsSpan(block * blockSize, blockSize)));

    public void CopyState(int from, int to) => State(from).CopyTo(State(to));

    public void ReadState(int state, long offset, Span<byte> destination) =>
        MemoryMarshal.AsBytes(State(state)).Slice((int)offset, destination.Length).CopyTo(destination);

    public void WriteState(int state, long offset, ReadOnlySpan<byte> source) => source.CopyTo(MemoryMarshal.AsBytes(State(state))[(int)offset..]);

    public void Dispose()
    {
    }

    private Span<uint> State(int state) => _states.AsSpan(state * StateWords, StateWords);

    /// <summary>Brings a slice's state to its end.</summary>
    /// <returns>The token after each of its own.</returns>
    private int[] Advance(ReadOnlySpan<int> tokens, in StepSlice slice)
    {
        var state = State(slice.StateSlot);
        if (slice.StartPosition == 0)
        {
            Write(state, 0, Start);
        }

        Assert.True(state[0] == slice.StartPosition, $"the state of {slice} is at position {state[0]}");
        for (var word = 1; word < StateWords; word++)
        {
            Assert.True(state[word] == state[1], $"word {word} of the state of {slice} is of another");
        }

        var said = new int[tokens.Length];
        for (var i = 0; i < tokens.Length; i++)
        {
            Write(state, state[0] + 1, Hash(state[1], tokens[i]));
            said[i] = TokenOf(state[1], vocabulary);
            if (slice.SpareSlot >= 0 && i == slice.SpareAfter - 1)
            {
                state.CopyTo(State(slice.SpareSlot));
            }
        }

        return said;
    }

    private static void Write(Span<uint> state, uint position, uint hash)
    {
        state.Fill(hash);
        state[0] = position;
    }

    /// <summary>What further groups see must be what the first has.</summary>
    private void CheckWindows(StepPlan plan, int at, in StepSlice slice)
    {
        for (var group = 1; group < plan.Groups; group++)
        {
            for (var position = Info.KvGroups[group].FirstSeen(slice.StartPosition); position < slice.StartPosition + slice.TokenCount; position++)
            {
                var (first, other) = (_kv[Address(plan.Table(at, 0), position)], _kv[Address(plan.Table(at, group), position)]);
                Assert.True(first == other, $"group {group} has {other} at position {position} of {slice}, the first has {first}");
            }
        }
    }

    private int Address(GroupTable table, int position) =>
        (table[position / blockSize] * blockSize) + (position % blockSize);
}
