using System.Globalization;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Model.Architectures;

/// <summary>
/// Reads a model's numbers from its metadata, each within a range that says what a real model may have and keeps later products
/// from overflowing. What the engine does not do is refused here.
/// </summary>
internal sealed class ConfigReader(GgufFile file, Architecture architecture)
{
    private const int MaxLayers = 4096;
    private const int MaxWidth = 1 << 20;
    private const int MaxHeads = 4096;
    private const int MaxHeadSize = 4096;
    private const int MaxFeedForward = 1 << 24;
    private const int MaxExperts = 65536;
    private const int MaxContext = 1 << 24;
    private const float DefaultRopeTheta = 10000f;

    /// <summary>Reads all of them; <paramref name="vocabularySize"/> comes from the embedding's rows.</summary>
    public ModelConfig Read(int vocabularySize)
    {
        RefuseWhatIsNoModel();
        RefuseOtherMathematics();
        CheckVocabulary(vocabularySize);
        var width = Integer("embedding_length", 1, MaxWidth);
        var heads = Integer("attention.head_count", 1, MaxHeads);
        var kvHeads = Integer("attention.head_count_kv", 1, MaxHeads, heads);
        if (heads % kvHeads != 0)
        {
            throw Fault("attention.head_count_kv", $"{heads} heads are no multiple of {kvHeads} key-value heads");
        }

        var headSize = HeadSize(width, heads);
        var experts = Experts();
        return new ModelConfig
        {
            Architecture = architecture.Name,
            Name = Name(),
            LayerCount = Integer("block_count", 1, MaxLayers),
            Width = width,
            HeadCount = heads,
            KvHeadCount = kvHeads,
            HeadSize = headSize,
            FeedForwardWidth = Integer(architecture.HasExperts ? "expert_feed_forward_length" : "feed_forward_length", 1, MaxFeedForward),
            VocabularySize = vocabularySize,
            ContextLength = ContextLength(),
            NormEpsilon = Float("attention.layer_norm_rms_epsilon", float.Epsilon, 1),
            RopeTheta = Float("rope.freq_base", 1, 1e12f, DefaultRopeTheta),
            RopeLayout = architecture.RopeLayout,
            ExpertCount = experts,
            ExpertUsedCount = architecture.HasExperts ? Integer("expert_used_count", 1, experts) : 0,
        };
    }

    private void RefuseWhatIsNoModel()
    {
        if (file.FindString("general.type") is { } type && type != "model")
        {
            throw file.Fault("general.type", $"the file holds '{GgufCursor.Printable(type)}', not a model");
        }

        if (file.FindInteger("split.count") is > 1)
        {
            throw file.Fault("split.count", "the file is one part of a model; merge the parts into one file first");
        }
    }

    /// <summary>Keys with which a file changes the mathematics, and the value at which they change nothing.</summary>
    private void RefuseOtherMathematics()
    {
        if (file.FindString(Key("rope.scaling.type")) is { } scaling && scaling != "none"
            && !(scaling == "linear" && file.FindFloat(Key("rope.scaling.factor")) is null or 1))
        {
            throw Fault("rope.scaling.type", $"'{GgufCursor.Printable(scaling)}' is not supported; only 'none', and the factors in "
                + "rope_freqs.weight, are");
        }

        Neutral("rope.scale_linear", 1);
        Neutral("rope.scaling.attn_factor", 1);
        Neutral("attention.scale", 0);
        Neutral("attention.clamp_kqv", 0);
        Neutral("attention.max_alibi_bias", 0);
        Neutral("attn_logit_softcapping", 0);
        Neutral("final_logit_softcapping", 0);
        Neutral("embedding_scale", 1);
        Neutral("residual_scale", 1);
        Neutral("logit_scale", 1);
        Neutral("expert_weights_scale", 1);
        if (file.FindBoolean(Key("attention.causal")) is false)
        {
            throw Fault("attention.causal", "attention that is not causal is not supported");
        }

        if (file.FindBoolean(Key("expert_weights_norm")) is false)
        {
            throw Fault("expert_weights_norm", "expert weights that are not rescaled to 1 are not supported");
        }

        // 0 is unset, 1 is softmax.
        Integer("expert_gating_func", 0, 1, 0);
        Integer("expert_shared_count", 0, 0, 0);
        Integer("leading_dense_block_count", 0, 0, 0);
    }

    private void CheckVocabulary(int vocabularySize)
    {
        Integer("vocab_size", vocabularySize, vocabularySize, vocabularySize);
        const string Tokens = "tokenizer.ggml.tokens";
        if (file.FindArrayLength(Tokens) is { } tokens && tokens != vocabularySize)
        {
            throw file.Fault(Tokens, $"{tokens} tokens, but the embedding has {vocabularySize} rows");
        }
    }

    private int HeadSize(int width, int heads)
    {
        if (!file.Contains(Key("attention.key_length")) && width % heads != 0)
        {
            throw Fault("attention.head_count", $"width {width} is no multiple of {heads} heads");
        }

        var size = Integer("attention.key_length", 2, MaxHeadSize, width / heads);
        if (size % 2 != 0 || size is < 2 or > MaxHeadSize)
        {
            throw Fault("attention.key_length", $"a head of {size} values; it must be even, from 2 to {MaxHeadSize}");
        }

        // Values as long as keys, and the whole head rotated: anything else is another architecture.
        Integer("attention.value_length", size, size, size);
        Integer("rope.dimension_count", size, size, size);
        return size;
    }

    private int Experts()
    {
        if (architecture.HasExperts)
        {
            return Integer("expert_count", 1, MaxExperts);
        }

        return Integer("expert_count", 0, 0, 0);
    }

    /// <summary>A window of attention makes no difference to texts that fit it, so it bounds the context.</summary>
    private int ContextLength()
    {
        var context = Integer("context_length", 1, MaxContext);
        var window = Integer("attention.sliding_window", 0, int.MaxValue, 0);
        return window == 0 ? context : Math.Min(context, window);
    }

    private string Name()
    {
        var name = file.FindString("general.name");
        return string.IsNullOrWhiteSpace(name) ? System.IO.Path.GetFileNameWithoutExtension(file.Path) : GgufCursor.Printable(name);
    }

    private int Integer(string key, int least, int most, int? absent = null)
    {
        var value = absent is null ? file.GetInteger(Key(key)) : file.FindInteger(Key(key));
        if (value is null)
        {
            return absent!.Value;
        }

        if (value < least || value > most)
        {
            throw Fault(key, least == most ? $"{value} is not supported; it must be {least}" : $"{value} is not within {least} to {most}; set it to what the model was made with, or use another file of it");
        }

        return (int)value;
    }

    private float Float(string key, float least, float most, float? absent = null)
    {
        var value = absent is null ? file.GetFloat(Key(key)) : file.FindFloat(Key(key)) ?? absent.Value;
        return value >= least && value <= most
            ? value
            : throw Fault(key, string.Create(CultureInfo.InvariantCulture, $"{value} is not within {least} to {most}"));
    }

    private void Neutral(string key, float neutral)
    {
        if (file.FindFloat(Key(key)) is { } value && value != neutral)
        {
            throw Fault(key, string.Create(CultureInfo.InvariantCulture, $"{value} is not supported; only {neutral}, which changes nothing, is"));
        }
    }

    private string Key(string key) => $"{architecture.Name}.{key}";

    private InvalidModelException Fault(string key, string fault) => file.Fault(Key(key), fault);
}
