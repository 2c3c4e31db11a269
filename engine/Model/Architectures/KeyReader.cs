using System.Globalization;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Model.Architectures;

/// <summary>
/// Reads an architecture's numbers from the metadata, each within a range that says what a real model may have and keeps later products from
/// overflowing. It remembers what it was asked for: what changes the mathematics and nobody asked for is refused in the end.
/// </summary>
internal sealed class KeyReader(GgufFile file, string architecture)
{
    private static readonly (string Key, float Neutral)[] NeutralNumbers =
    [
        ("rope.scale_linear", 1), ("rope.scaling.attn_factor", 1), ("rope.scaling.yarn_ext_factor", 1), ("rope.scaling.yarn_attn_factor", 1),
        ("rope.scaling.yarn_log_multiplier", 0), ("attention.scale", 0), ("attention.clamp_kqv", 0), ("attention.max_alibi_bias", 0),
        ("attention.temperature_scale", 0), ("attn_logit_softcapping", 0), ("final_logit_softcapping", 0), ("embedding_scale", 1),
        ("residual_scale", 1), ("logit_scale", 1), ("expert_weights_scale", 1),
    ];

    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    /// <summary>An integer; a key that is missing has <paramref name="absent"/>, or is an error where there is none.</summary>
    public int Integer(string key, int least, int most, int? absent = null)
    {
        var value = absent is null ? file.GetInteger(Key(key)) : file.FindInteger(Key(key));
        if (value is null)
        {
            return absent!.Value;
        }

        if (value < least || value > most)
        {
            throw Fault(key, least == most
                ? $"{value} is not supported; it must be {least}"
                : $"{value} is not within {least} to {most}; set it to what the model was made with, or use another file of it");
        }

        return (int)value;
    }

    /// <summary>A float; a key that is missing has <paramref name="absent"/>, or is an error where there is none.</summary>
    public float Float(string key, float least, float most, float? absent = null)
    {
        var value = absent is null ? file.GetFloat(Key(key)) : file.FindFloat(Key(key)) ?? absent.Value;
        return value >= least && value <= most
            ? value
            : throw Fault(key, string.Create(CultureInfo.InvariantCulture, $"{value} is not within {least} to {most}"));
    }

    /// <summary>An integer for each of <paramref name="count"/> layers: an array, or one for all.</summary>
    public int[] Integers(string key, int count, int least, int most)
    {
        if (file.FindArrayLength(FullName(key)) is not { } length)
        {
            return [.. Enumerable.Repeat(Integer(key, least, most), count)];
        }

        var values = length == count ? file.FindIntegers(Key(key))! : throw Fault(key, $"{length} values for {count} layers");
        var wrong = Array.FindIndex(values, value => value < least || value > most);
        return wrong < 0 ? values : throw Fault(key, $"{values[wrong]}, of layer {wrong}, is not within {least} to {most}");
    }

    /// <summary>A boolean for each of <paramref name="count"/> layers.</summary>
    public bool[] Flags(string key, int count)
    {
        var values = file.FindBooleans(Key(key)) ?? throw Fault(key, "the metadata have no such key");
        return values.Length == count ? values : throw Fault(key, $"{values.Length} values for {count} layers");
    }

    /// <summary>A boolean, or <paramref name="absent"/>.</summary>
    public bool Flag(string key, bool absent) => file.FindBoolean(Key(key)) ?? absent;

    /// <summary>A string, or null.</summary>
    public string? Text(string key) => file.FindString(Key(key));

    /// <summary>Whether the file has the key.</summary>
    public bool Has(string key) => file.Contains(FullName(key));

    /// <summary>A fault in the value of an architecture's key.</summary>
    public InvalidModelException Fault(string key, string fault) => file.Fault(FullName(key), fault);

    /// <summary>Throws for a key with which the file changes the mathematics and that nobody has read, unless its value changes nothing.</summary>
    public void RefuseOtherMathematics()
    {
        foreach (var (key, neutral) in NeutralNumbers.Where(number => !_read.Contains(number.Key)))
        {
            if (file.FindFloat(FullName(key)) is { } value && value != neutral)
            {
                throw Fault(key, string.Create(CultureInfo.InvariantCulture, $"{value} is not supported; only {neutral}, which changes nothing, is"));
            }
        }

        Only("rope.scaling.type", file.FindString(FullName("rope.scaling.type")) is null or "none", "is not supported by this architecture");
        Only("attention.causal", file.FindBoolean(FullName("attention.causal")) is not false, "attention that is not causal is not supported");
        Only("expert_weights_norm", file.FindBoolean(FullName("expert_weights_norm")) is not false, "expert weights that are not rescaled to 1 are not supported");
        Unused("expert_count", 0);

        // 0 is unset, 1 is softmax.
        Unused("expert_gating_func", 1);
        Unused("expert_shared_count", 0);
        Unused("leading_dense_block_count", 0);
        Unused("nextn_predict_layers", 0);
        Unused("expert_group_count", 1);
    }

    private void Unused(string key, int most)
    {
        if (!_read.Contains(key))
        {
            Integer(key, 0, most, 0);
        }
    }

    private void Only(string key, bool right, string fault)
    {
        if (!right && !_read.Contains(key))
        {
            throw Fault(key, fault);
        }
    }

    private string Key(string key)
    {
        _read.Add(key);
        return FullName(key);
    }

    private string FullName(string key) => $"{architecture}.{key}";
}
