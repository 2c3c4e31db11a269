using System.Buffers;
using Crescent.Engine.Sampling;
using Crescent.Grains.Contracts.Chat;
using Crescent.Grains.Kept;
using Crescent.Grains.Streams;

namespace Crescent.Tests.Grains.Kept;

public sealed class KeptRecordsTests
{
    private static readonly GenerationChunk[] Chunks =
    [
        new([7], "grün", null, null),
        new([0, 128, 151_643], "", null, null),
        new([], " held back", null, null),
        new([5, 6], "ab", null, null) { Logprobs = [new TokenLogprobs(-0.5f, [5, 9], [-0.5f, -1.5f]), new TokenLogprobs(-7.25f, [], [])] },
        new([1], "end", "length", new ChatUsage { PromptTokens = 3, CompletionTokens = 4, Joules = 0.125, Device = "silo/gpu", EnergySource = "rapl", Attempts = 2 }) { Cut = "after 4 output tokens" },
    ];

    [Fact]
    public void What_is_read_is_what_was_written_wherever_the_bytes_are_cut()
    {
        var bytes = Write();
        for (var cut = 0; cut <= bytes.Length; cut++)
        {
            ReadOnlySpan<byte> rest = bytes.AsSpan(..cut);
            var read = Read(ref rest);
            var first = cut - rest.Length;
            rest = bytes.AsSpan(first);
            read.AddRange(Read(ref rest));
            Assert.Equal(0, rest.Length);
            Assert.Equal(Enumerable.Range(0, Chunks.Length), read.Select(static r => r.Choice));
            Assert.Equivalent(Chunks.Select(static c => (c.Tokens, c.Text, c.FinishReason, c.Usage, c.Logprobs, c.Cut)), read.Select(static r => (r.Chunk.Tokens, r.Chunk.Text, r.Chunk.FinishReason, r.Chunk.Usage, r.Chunk.Logprobs, r.Chunk.Cut)), strict: true);
        }
    }

    [Fact]
    public void The_bytes_of_this_version_stay_as_they_are()
    {
        var writer = new ArrayBufferWriter<byte>();
        KeptRecords.Write(writer, 2, new GenerationChunk([7, 300], "ab", null, null) { Logprobs = [new TokenLogprobs(-0.5f, [7], [-0.5f]), new TokenLogprobs(-1, [], [])] });
        KeptRecords.Write(writer, 0, new GenerationChunk([], "", "stop", new ChatUsage { PromptTokens = 1 }));
        var end = """{"Reason":"stop","Usage":{"PromptTokens":1,"Device":"","EnergySource":""}}"""u8;
        Assert.Equal(
            "190202" + "07ac02" + "026162" + "02" + "000000bf" + "0107000000bf" + "000080bf" + "00" + "00"
                + Convert.ToHexStringLower([(byte)(end.Length + 5), 0, 0, 0, 0, (byte)end.Length]) + Convert.ToHexStringLower(end),
            Convert.ToHexStringLower(writer.WrittenSpan));
    }

    [Fact]
    public void What_a_later_version_adds_is_passed_over_and_damage_is_not_taken()
    {
        var bytes = Write();
        byte[] longer = [(byte)(bytes[0] + 2), .. bytes[1..(bytes[0] + 1)], 1, 2, .. bytes[(bytes[0] + 1)..]];
        ReadOnlySpan<byte> rest = longer;
        Assert.Equal(Chunks.Length, Read(ref rest).Count);
        Assert.Throws<InvalidDataException>(static () =>
        {
            // More tokens than there are bytes.
            ReadOnlySpan<byte> damaged = [3, 0, 9, 1];
            KeptRecords.TryRead(ref damaged, out _, out _);
        });
    }

    private static byte[] Write()
    {
        var writer = new ArrayBufferWriter<byte>();
        for (var i = 0; i < Chunks.Length; i++)
        {
            KeptRecords.Write(writer, i, Chunks[i]);
        }

        return writer.WrittenSpan.ToArray();
    }

    private static List<(int Choice, GenerationChunk Chunk)> Read(ref ReadOnlySpan<byte> bytes)
    {
        var read = new List<(int, GenerationChunk)>();
        while (KeptRecords.TryRead(ref bytes, out var choice, out var chunk))
        {
            read.Add((choice, chunk));
        }

        return read;
    }
}
