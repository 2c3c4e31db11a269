using Crescent.Engine.Devices;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>
/// The head of a <see cref="HistoryDevice"/>'s model, which is always right: from the hidden state of a history and the token behind it, it knows the token after that. It looks, through the
/// block table, whether each of its positions goes on from the history of the one before: a hidden state of another position, a wrong block or a lost row is seen.
/// </summary>
internal sealed class HeadDevice(int blocks, int vocabulary = 128, int blockSize = HistoryDevice.DefaultBlockSize, int maxStepTokens = 512) : IDevice
{
    private const int Size = HistoryDevice.HiddenSize;
    private const int Rows = 64;

    // Of each position the hash of the history that its hidden state is of, and that with its token.
    private readonly (uint Before, uint After)[] _kv = new (uint, uint)[blocks * blockSize];
    private readonly float[] _logits = new float[Rows * vocabulary];
    private readonly float[] _hidden = new float[maxStepTokens * Size];

    public DeviceInfo Info { get; } = new()
    {
        Name = "head",
        Description = "test double",
        BlockSize = blockSize,
        BlockCount = blocks,
        BlockBytes = 8 * blockSize,
        MaxStepTokens = maxStepTokens,
        MaxLogitRows = Rows,
        MaxContext = 4096,
        VocabularySize = vocabulary,
        HiddenSize = Size,
        InputSize = Size,
    };

    /// <summary>Positions whose hidden states were those of a sequence further on: the head began behind some.</summary>
    public int LateRows { get; private set; }

    public void Begin(StepPlan plan)
    {
        Info.Check(plan);
        foreach (ref readonly var slice in plan.Slices)
        {
            var table = plan.BlockTable(slice);
            for (var i = 0; i < slice.TokenCount; i++)
            {
                var state = plan.Inputs.Slice((slice.TokenOffset + i) * Size, Size);
                var before = (uint)state[3] | ((uint)state[4] << 16);
                var after = HistoryDevice.Hash(before, plan.AllTokens[slice.TokenOffset + i]);
                Assert.Equal(HistoryDevice.TokenOf(before, vocabulary), (int)state[0]);
                LateRows += (int)state[2] > slice.StartPosition + i + 1 ? 1 : 0;
                _kv[(table[(slice.StartPosition + i) / blockSize] * blockSize) + ((slice.StartPosition + i) % blockSize)] = (before, after);
                if (slice.HiddenRow >= 0)
                {
                    ((float[])[HistoryDevice.TokenOf(after, vocabulary), 0, state[2] + 1, after & 0xFFFF, after >> 16]).CopyTo(_hidden.AsSpan((slice.HiddenRow + i) * Size));
                }
            }
        }

        Array.Clear(_logits);
        foreach (ref readonly var slice in plan.Slices)
        {
            var table = plan.BlockTable(slice);
            var last = (Before: 0u, After: 0u);
            for (var position = 0; position < slice.StartPosition + slice.TokenCount; position++)
            {
                var at = _kv[(table[position / blockSize] * blockSize) + (position % blockSize)];
                Assert.True(position == 0 || at.Before == last.After, $"position {position} of {slice} does not go on from the one before");
                last = at;
            }

            if (slice.LogitsRowCount > 0)
            {
                _logits[(slice.LogitsRow * vocabulary) + HistoryDevice.TokenOf(last.After, vocabulary)] = 10;
            }
        }
    }

    public StepResult End() => new(_logits, vocabulary, TimeSpan.FromMilliseconds(0.1), _hidden, Size);

    public void Dispose()
    {
    }
}
