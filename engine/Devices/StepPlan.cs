namespace Crescent.Engine.Devices;

/// <summary>
/// What a device does in one step: slices of sequences, some of them prefill and some decode, in one batch. The plan is filled
/// anew for each step and keeps its arrays, so that a running engine allocates nothing.
/// </summary>
/// <param name="blockSize">The device's.</param>
/// <param name="withTables">False for a device that does not look at block tables: all of them are then empty.</param>
/// <param name="groups">Groups of layers that have tables of their own.</param>
public sealed class StepPlan(KvBlockSize blockSize, bool withTables = true, int groups = 1)
{
    private int[] _tokens = new int[256];
    private int[] _tables = new int[1024];
    private float[] _inputs = [];
    private StepSlice[] _slices = new StepSlice[64];
    private FurtherTable[] _further = new FurtherTable[groups == 1 ? 0 : 64 * (groups - 1)]; // (groups but the first, slices)
    private int _furtherCount;
    private int _tokenCount;
    private int _inputCount;
    private int _tableCount;
    private int _sliceCount;

    /// <summary>Positions in a block of the tables.</summary>
    public KvBlockSize BlockSize => blockSize;

    /// <summary>Groups of layers that have tables of their own.</summary>
    public int Groups => groups;

    /// <summary>The sequences of this step.</summary>
    public ReadOnlySpan<StepSlice> Slices => _slices.AsSpan(0, _sliceCount);

    /// <summary>
    /// New tokens of all slices, slice by slice. A negative one is still to be drawn, from the logits of row <see cref="DrawnRow"/> of the step that was begun
    /// before this one.
    /// </summary>
    public ReadOnlySpan<int> AllTokens => _tokens.AsSpan(0, _tokenCount);

    /// <summary>(input size, tokens): hidden states with which the tokens come, on a device with <see cref="DeviceInfo.InputSize"/>.</summary>
    public ReadOnlySpan<float> Inputs => _inputs.AsSpan(0, _inputCount);

    /// <summary>Rows of logits that all slices want together.</summary>
    public int LogitsRowCount { get; private set; }

    /// <summary>Tokens that are computed again, see <see cref="StepSlice.RepeatedTokens"/>.</summary>
    public int RepeatedTokens { get; private set; }

    /// <summary>Hidden states that all slices want together.</summary>
    public int HiddenRowCount { get; private set; }

    /// <summary>The row of the step before from which a negative token is drawn; for a token that is not, nothing sensible.</summary>
    public static int DrawnRow(int token) => ~token;

    /// <summary>The new tokens of <paramref name="slice"/>; see <see cref="AllTokens"/>.</summary>
    public ReadOnlySpan<int> Tokens(in StepSlice slice) => _tokens.AsSpan(slice.TokenOffset, slice.TokenCount);

    /// <summary>The block ids of <paramref name="slice"/> in the first group of layers: position p lies in block p / <see cref="BlockSize"/>.</summary>
    public ReadOnlySpan<int> BlockTable(in StepSlice slice) => _tables.AsSpan(slice.TableOffset, slice.TableLength);

    /// <summary>The blocks of a slice in a group of layers.</summary>
    /// <param name="slice">Its place among <see cref="Slices"/>.</param>
    /// <param name="group">The group.</param>
    public GroupTable Table(int slice, int group)
    {
        if (group == 0)
        {
            return new GroupTable(BlockTable(_slices[slice]), 0);
        }

        ref readonly var table = ref _further[(slice * (groups - 1)) + group - 1];
        return new GroupTable(_tables.AsSpan(table.Offset, table.Length), table.First);
    }

    /// <summary>Empties the plan for the next step.</summary>
    public void Clear() => _tokenCount = _tableCount = _sliceCount = _furtherCount = _inputCount = LogitsRowCount = HiddenRowCount = RepeatedTokens = 0;

    /// <summary>Adds a sequence to the step.</summary>
    /// <param name="tokens">Its new tokens, at least one.</param>
    /// <param name="startPosition">Position of the first of them.</param>
    /// <param name="blockTable">Its blocks in the first group of layers, the new tokens' among them; those of others are told by <see cref="AddTable"/>.</param>
    /// <param name="logits">For which of the tokens logits are wanted.</param>
    /// <param name="hiddenStates">Whether the hidden state of every token is wanted.</param>
    /// <param name="stateSlot">Where its state is; -1 for a device that keeps none.</param>
    /// <param name="repeated">See <see cref="StepSlice.RepeatedTokens"/>.</param>
    /// <param name="spareSlot">See <see cref="StepSlice.SpareSlot"/>.</param>
    /// <returns>The first of its rows of logits.</returns>
    public int Add(
        ReadOnlySpan<int> tokens, int startPosition, ReadOnlySpan<int> blockTable, LogitsWanted logits, bool hiddenStates = false, int stateSlot = -1, int repeated = 0,
        int spareSlot = -1)
    {
        ArgumentOutOfRangeException.ThrowIfZero(tokens.Length);
        ArgumentOutOfRangeException.ThrowIfNegative(startPosition);
        if (blockSize.PositionsIn(blockTable.Length) < startPosition + tokens.Length)
        {
            throw new ArgumentException(
                $"{blockTable.Length} blocks hold {blockSize.PositionsIn(blockTable.Length)} positions, the slice ends at {startPosition + tokens.Length}.",
                nameof(blockTable));
        }

        var table = withTables ? blockTable : [];
        var slice = new StepSlice(
            _tokenCount, tokens.Length, startPosition, _tableCount, table.Length, logits, LogitsRowCount, hiddenStates ? HiddenRowCount : -1, stateSlot, repeated, spareSlot);
        Append(ref _tokens, ref _tokenCount, tokens);
        Append(ref _tables, ref _tableCount, table);
        Append(ref _slices, ref _sliceCount, [slice]);
        LogitsRowCount += slice.LogitsRowCount;
        HiddenRowCount += hiddenStates ? tokens.Length : 0;
        RepeatedTokens += repeated;
        return slice.LogitsRow;
    }

    /// <summary>Adds a sequence whose newest token is not known yet, since the step before this one is still in flight.</summary>
    /// <param name="row">Row of logits of that step from which it is drawn.</param>
    /// <param name="startPosition">Its position.</param>
    /// <param name="blockTable">The sequence's blocks, the new token's among them.</param>
    /// <param name="stateSlot">Where its state is; -1 for a device that keeps none.</param>
    /// <returns>Its row of logits in this step.</returns>
    public int AddDrawn(int row, int startPosition, ReadOnlySpan<int> blockTable, int stateSlot = -1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        return Add([~row], startPosition, blockTable, LogitsWanted.Last, stateSlot: stateSlot);
    }

    /// <summary>Adds the table of the next group of layers of the sequence that was added last: to be done for all groups but the first, in order.</summary>
    /// <param name="blocks">Its blocks.</param>
    /// <param name="first">Number of the block of positions that the first of them holds.</param>
    public void AddTable(ReadOnlySpan<int> blocks, int first)
    {
        var table = withTables ? blocks : [];
        Append(ref _further, ref _furtherCount, [new FurtherTable(_tableCount, table.Length, first)]);
        Append(ref _tables, ref _tableCount, table);
    }

    /// <summary>Adds the hidden state with which the next token comes: to be done for each token, in order.</summary>
    public void AddInput(ReadOnlySpan<float> state) => Append(ref _inputs, ref _inputCount, state);

    private static void Append<T>(ref T[] array, ref int count, ReadOnlySpan<T> items)
    {
        if (array.Length < count + items.Length)
        {
            Array.Resize(ref array, Math.Max(array.Length * 2, count + items.Length));
        }

        items.CopyTo(array.AsSpan(count));
        count += items.Length;
    }

    private readonly record struct FurtherTable(int Offset, int Length, int First);
}
