using Crescent.Engine.Model.Gguf;

namespace Crescent.Bench.Peers;

/// <summary>
/// A model of random weights that is like a small one, but in the sizes of a real one and quantised: the same architecture, metadata, tokenizer and kinds of
/// layers. Matrices are drawn with a spread that gives their products that of the pattern's; vectors repeat those of the pattern.
/// </summary>
internal sealed class EnlargedModel(GgufFile pattern, EnlargedShape shape, GgmlType type, string? template)
{
    private readonly string _architecture = pattern.GetString("general.architecture");
    private readonly bool _tied = !pattern.Tensors.ContainsKey("output.weight");

    // What a quantiser to MXFP4 does: experts in that, all else in Q8_0.
    private readonly bool _microscaled = pattern.Tensors.Values.Any(static tensor => tensor.Type == GgmlType.MXFP4);

    /// <summary>Writes the file.</summary>
    public void Write(Stream file)
    {
        var writer = new GgufWriter();
        foreach (var key in pattern.Keys.Where(static key => key is not "general.file_type"))
            Copy(key, writer);
        if (template is not null)
            writer.Add("tokenizer.chat_template", template);
        writer.Write(file, [.. Tensors()], new RandomWeights());
    }

    private void Copy(string key, GgufWriter writer)
    {
        var value = pattern.FindValue(key)!.Value;
        var name = key.StartsWith(_architecture + ".", StringComparison.Ordinal) ? key[(_architecture.Length + 1)..] : "";
        switch (value.ElementType)
        {
            case GgufValueType.String when value.IsArray:
                writer.Add(key, pattern.FindStrings(key)!);
                break;
            case GgufValueType.Float32 when value.IsArray:
                writer.Add(key, pattern.FindFloats(key)!);
                break;
            case GgufValueType.Boolean when value.IsArray:
                writer.Add(key, PerLayer(pattern.FindBooleans(key)!));
                break;
            case GgufValueType.Int32 or GgufValueType.UInt32 when value.IsArray:
                var numbers = pattern.FindIntegers(key)!;
                writer.Add(key, name == "" ? numbers : [.. (name == "rope.dimension_sections" ? numbers : PerLayer(numbers)).Select(n => shape.Grow(name, n))], value.ElementType == GgufValueType.Int32);
                break;
            case GgufValueType.String:
                writer.Add(key, key == "general.name" ? $"{pattern.GetString(key)}-{(_microscaled ? GgmlType.MXFP4 : type)}" : pattern.GetString(key));
                break;
            case GgufValueType.Float32:
                writer.Add(key, pattern.GetFloat(key));
                break;
            case GgufValueType.Boolean:
                writer.Add(key, pattern.FindBoolean(key)!.Value);
                break;
            case GgufValueType.UInt32:
                writer.Add(key, shape.Grow(name, checked((int)pattern.GetInteger(key))));
                break;
            default:
                throw new NotSupportedException($"{key} is of type {value}, which is not copied.");
        }
    }

    private T[] PerLayer<T>(T[] values) => [.. Enumerable.Range(0, shape.Layers.Count).Select(layer => values[shape.Layers.SourceOf(layer)])];

    private IEnumerable<RandomTensor> Tensors()
    {
        foreach (var tensor in pattern.Tensors.Values.Where(static tensor => !tensor.Name.StartsWith("blk.", StringComparison.Ordinal)))
            yield return Enlarge(tensor, tensor.Name, tensor.Name, 0);
        for (var layer = 0; layer < shape.Layers.Count; layer++)
        {
            var prefix = $"blk.{shape.Layers.SourceOf(layer)}.";
            foreach (var tensor in pattern.Tensors.Values.Where(tensor => tensor.Name.StartsWith(prefix, StringComparison.Ordinal)))
            {
                var role = tensor.Name[prefix.Length..];
                yield return Enlarge(tensor, $"blk.{layer}.{role}", role, layer);
            }
        }
    }

    private RandomTensor Enlarge(GgufTensor tensor, string name, string role, int layer)
    {
        var extents = shape.Grow(role, tensor);
        var values = ValuesOf(tensor);
        if (IsVector(role, extents))
        {
            var count = extents.Aggregate(1L, static (product, extent) => product * extent);
            var stretches = role.StartsWith("rope_", StringComparison.Ordinal);

            // Gemma 4 does not scale scores: its norms of queries do.
            var scale = _architecture == "gemma4" && role == "attn_q_norm.weight" ? 1 / MathF.Sqrt(count) : 1;
            return new RandomTensor(name, extents, GgmlType.F32, 0, [.. Enumerable.Range(0, (int)count).Select(i => scale * values[stretches ? (int)(i * values.Length / count) : i % values.Length])]);
        }

        // An embedding that is not the head keeps its spread, since nothing sums it up.
        var spread = Math.Sqrt(values.Average(static value => (double)value * value));
        // Longer latent heads would see one position alone.
        spread *= role == "attn_q_b.weight" ? 0.25 : 1;
        var sums = role == "per_layer_token_embd.weight" || (role == "token_embd.weight" && !_tied) ? 1 : Math.Sqrt((double)tensor.Columns / extents[0]);
        return new RandomTensor(name, extents, TypeOf(role, tensor, extents[0], layer), spread * sums);
    }

    private static float[] ValuesOf(GgufTensor tensor)
    {
        var values = new float[tensor.Rows * tensor.Columns];
        for (var row = 0; row < tensor.Rows; row++)
            Dequantizer.Dequantize(tensor.Type, tensor.Row(row), values.AsSpan(row * tensor.Columns, tensor.Columns));
        return values;
    }

    private static bool IsVector(string role, long[] extents) => role != "ffn_gate_inp_shexp.weight"
        && (extents.Length == 1 || role.EndsWith(".bias", StringComparison.Ordinal)
            || role is "ssm_conv1d.weight" or "shortconv.conv.weight" or "ssm_a" or "ssm_d" or "ssm_norm.weight");

    /// <summary>As llama.cpp's quantiser chooses it (src/llama-quant.cpp): for Q4_K its Q4_K_M, for others the type itself with a better head.</summary>
    private GgmlType TypeOf(string role, GgufTensor tensor, long columns, int layer)
    {
        if (role is "ffn_gate_inp.weight" or "ffn_gate_inp_shexp.weight" || tensor.Type == GgmlType.MXFP4)
            return tensor.Type;
        if (_microscaled)
            return GgmlType.Q8_0;
        var isHead = role == "output.weight" || (role == "token_embd.weight" && _tied);
        var wanted = isHead ? RandomModel.HeadOf(type, (int)columns) : type != GgmlType.Q4_K ? type : role switch
        {
            "attn_qkv.weight" => GgmlType.Q5_K,
            "attn_v.weight" or "ffn_down.weight" or "ffn_down_exps.weight" or "ffn_down_shexp.weight" when TakesMoreBits(layer) => GgmlType.Q6_K,
            _ => type,
        };
        return columns % GgmlTypes.BlockLength(wanted) == 0 ? wanted : columns % 32 != 0 ? GgmlType.F16 : wanted == GgmlType.Q6_K ? GgmlType.Q8_0 : GgmlType.Q5_0;
    }

    // The first and the last eighth, and a third of those between.
    private bool TakesMoreBits(int layer)
    {
        var (count, eighth) = (shape.Layers.Count, shape.Layers.Count / 8);
        return layer < eighth || layer >= 7 * count / 8 || (layer - eighth) % 3 == 2;
    }
}
