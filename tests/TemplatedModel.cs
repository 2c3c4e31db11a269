using System.Buffers.Binary;
using System.Text;

namespace Crescent.Tests;

/// <summary>Copies of model files with a chat template that they do not have.</summary>
internal static class TemplatedModel
{
    /// <summary>The bytes of the file at <paramref name="path"/> with <paramref name="template"/>.</summary>
    public static byte[] Of(string path, string template)
    {
        const int Head = 24, PairCount = 16, Alignment = 32, StringType = 8;
        var key = Encoding.UTF8.GetBytes("tokenizer.chat_template");
        var text = Encoding.UTF8.GetBytes(template);

        // As long as it must be for the data to stay aligned, the rest a comment.
        var bare = sizeof(ulong) + key.Length + sizeof(uint) + sizeof(ulong) + text.Length + "{##}".Length;
        text = [.. text, .. "{#"u8, .. Enumerable.Repeat((byte)' ', (Alignment - (bare % Alignment)) % Alignment), .. "#}"u8];
        using var pair = new MemoryStream();
        using (var writer = new BinaryWriter(pair, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write((ulong)key.Length);
            writer.Write(key);
            writer.Write((uint)StringType);
            writer.Write((ulong)text.Length);
            writer.Write(text);
        }

        var file = File.ReadAllBytes(path);
        var count = file.AsSpan(PairCount);
        BinaryPrimitives.WriteUInt64LittleEndian(count, BinaryPrimitives.ReadUInt64LittleEndian(count) + 1);
        return [.. file[..Head], .. pair.ToArray(), .. file[Head..]];
    }
}
