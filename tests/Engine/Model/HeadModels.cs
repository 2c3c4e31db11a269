using Crescent.Engine.Model.Gguf;
using Crescent.Tests.Engine.Model.Gguf;

namespace Crescent.Tests.Engine.Model;

/// <summary>Files with a head for multi-token prediction, made of small models with layers of attention: the head is like the last of them.</summary>
internal static class HeadModels
{
    /// <summary>The model of a file of float weights with a block more that predicts.</summary>
    /// <param name="path">The file.</param>
    /// <param name="blocks">Such blocks; only the first is a head, the others have no more than a norm.</param>
    public static GgufBuilder WithHead(string path, uint blocks = 1)
    {
        using var file = GgufFile.Open(path);
        var architecture = file.GetString("general.architecture");
        var (layers, width) = ((uint)file.GetInteger($"{architecture}.block_count"), file.GetInteger($"{architecture}.embedding_length"));
        var random = new Random(11);
        var copy = Copy(file).Set($"{architecture}.block_count", layers + blocks).Set($"{architecture}.nextn_predict_layers", blocks);
        var last = $"blk.{layers - 1}.";
        foreach (var tensor in file.Tensors.Values.Where(tensor => tensor.Name.StartsWith(last, StringComparison.Ordinal)))
        {
            copy.Tensor($"blk.{layers}.{tensor.Name[last.Length..]}", GgmlType.F32, [.. tensor.Shape], [.. Values(tensor).Select(value => value * (0.9f + (0.2f * random.NextSingle())))]);
        }

        for (var block = layers + 1; block < layers + blocks; block++)
        {
            copy.Tensor($"blk.{block}.nextn.enorm.weight", GgmlType.F32, [width]);
        }

        return copy
            .Tensor($"blk.{layers}.nextn.eh_proj.weight", GgmlType.F32, [2 * width, width], Random(2 * width * width, 0, 2 / MathF.Sqrt(2 * width)))
            .Tensor($"blk.{layers}.nextn.enorm.weight", GgmlType.F32, [width], Random(width, 1, 0.4f))
            .Tensor($"blk.{layers}.nextn.hnorm.weight", GgmlType.F32, [width], Random(width, 1, 0.4f))
            .Tensor($"blk.{layers}.nextn.shared_head_norm.weight", GgmlType.F32, [width], Random(width, 1, 0.4f));

        float[] Random(long count, float middle, float spread) => [.. Enumerable.Range(0, (int)count).Select(_ => middle + (spread * (random.NextSingle() - 0.5f)))];
    }

    /// <summary>
    /// The same, but so that what follows a token follows from that token alone, and the head knows it: no layer adds anything to the stream, and the head passes the embedding on.
    /// </summary>
    public static GgufBuilder ThatIsRight(string path)
    {
        using var file = GgufFile.Open(path);
        var architecture = file.GetString("general.architecture");
        var (layers, width) = (file.GetInteger($"{architecture}.block_count"), (int)file.GetInteger($"{architecture}.embedding_length"));
        var model = WithHead(path);
        foreach (var tensor in file.Tensors.Values)
        {
            string[] parts = tensor.Name.Split('.');
            if (parts[0] == "blk" && parts[2] is "attn_output" or "ssm_out" or "ffn_down" or "ffn_down_exps" or "ffn_down_shexp")
            {
                model.Tensor(tensor.Name, GgmlType.F32, [.. tensor.Shape]);
                if (parts[1] == $"{layers - 1}")
                {
                    model.Tensor($"blk.{layers}.{parts[2]}.weight", GgmlType.F32, [.. tensor.Shape]);
                }
            }
        }

        var passesOn = new float[2 * width * width];
        for (var i = 0; i < width; i++)
        {
            passesOn[(i * 2 * width) + i] = 1;
        }

        var ones = Enumerable.Repeat(1f, width).ToArray();
        return model
            .Tensor($"blk.{layers}.nextn.eh_proj.weight", GgmlType.F32, [2 * width, width], passesOn)
            .Tensor($"blk.{layers}.nextn.enorm.weight", GgmlType.F32, [width], ones)
            .Tensor($"blk.{layers}.nextn.shared_head_norm.weight", GgmlType.F32, [width], Values(file.Tensor("output_norm.weight")));
    }

    /// <summary>Writes it to a file of its own, which is gone when that is disposed.</summary>
    public static TemporaryFile Write(GgufBuilder model) => new(model.Build());

    private static GgufBuilder Copy(GgufFile file)
    {
        var copy = new GgufBuilder();
        foreach (var key in file.Keys)
        {
            var value = file.FindValue(key)!.Value;
            copy.Set(key, value.ElementType switch
            {
                GgufValueType.String when value.IsArray => file.FindStrings(key)!,
                GgufValueType.Float32 when value.IsArray => file.FindFloats(key)!,
                GgufValueType.Boolean when value.IsArray => file.FindBooleans(key)!,
                GgufValueType.Int32 or GgufValueType.UInt32 when value.IsArray => file.FindIntegers(key)!,
                GgufValueType.String => file.GetString(key),
                GgufValueType.Float32 => file.GetFloat(key),
                GgufValueType.Boolean => file.FindBoolean(key)!,
                _ => (uint)file.GetInteger(key),
            });
        }

        foreach (var tensor in file.Tensors.Values)
        {
            copy.Tensor(tensor.Name, GgmlType.F32, [.. tensor.Shape], Values(tensor));
        }

        return copy;
    }

    private static float[] Values(GgufTensor tensor)
    {
        var values = new float[tensor.Rows * tensor.Columns];
        for (var row = 0; row < tensor.Rows; row++)
        {
            Dequantizer.Dequantize(tensor.Type, tensor.Row(row), values.AsSpan(row * tensor.Columns, tensor.Columns));
        }

        return values;
    }

    /// <summary>A file in the folder of temporary files.</summary>
    internal sealed class TemporaryFile : IDisposable
    {
        public TemporaryFile(byte[] content) => File.WriteAllBytes(Path, content);

        public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"{Guid.NewGuid():n}.gguf");

        public void Dispose() => File.Delete(Path);
    }
}
