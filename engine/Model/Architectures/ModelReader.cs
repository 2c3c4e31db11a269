using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Model.Architectures;

/// <summary>
/// What an architecture reads a file with: its numbers (<see cref="Keys"/>), its tensors (<see cref="Tensors"/>), and the parts that most
/// architectures have in common, which an architecture takes as they are or changes by <c>with</c>.
/// </summary>
internal sealed class ModelReader
{
    private const int MaxLayers = 4096;
    private const int MaxWidth = 1 << 20;
    private const int MaxHeads = 4096;
    private const int MaxHeadSize = 4096;
    private const int MaxContext = 1 << 24;
    private const string Embedding = "token_embd.weight";
    private const string HeadProjection = "nextn.eh_proj";

    private readonly GgufFile _file;
    private readonly string _architecture;

    public ModelReader(GgufFile file, string architecture)
    {
        _file = file;
        _architecture = architecture;
        Keys = new KeyReader(file, architecture);
        Tensors = new TensorReader(file, architecture);
        VocabularySize = Tensors.RowsOf(Embedding);
        CheckVocabulary();
        Width = Keys.Integer("embedding_length", 1, MaxWidth);
        BlockCount = Keys.Integer("block_count", 1, MaxLayers);
        ContextLength = Keys.Integer("context_length", 1, MaxContext);
    }

    /// <summary>The architecture's numbers.</summary>
    public KeyReader Keys { get; }

    /// <summary>The file's tensors.</summary>
    public TensorReader Tensors { get; }

    /// <summary>Values in the residual stream.</summary>
    public int Width { get; }

    /// <summary>Layers, those for the prediction of further tokens among them.</summary>
    public int BlockCount { get; }

    /// <summary>Tokens in the vocabulary.</summary>
    public int VocabularySize { get; }

    /// <summary>Positions the model was trained for.</summary>
    public int ContextLength { get; }

    /// <summary>Throws for an adapter, or the vision part of a model (mmproj).</summary>
    public static void RefuseWhatIsNoModel(GgufFile file)
    {
        var type = file.FindString("general.type") ?? "model";
        if (type == "mmproj" || file.FindString("general.architecture") == "clip")
        {
            throw file.Fault("general.architecture", "the file is the vision or audio part of a model (mmproj), which is not supported; give the file of the language model, which runs without it");
        }

        if (type != "model")
        {
            throw file.Fault("general.type", $"the file holds '{GgufCursor.Printable(type)}', not a model; give the model's own file");
        }
    }

    /// <summary>Throws when a state of a sequence would have more values than any model's.</summary>
    public void CheckState(long values)
    {
        const long Most = 1 << 28;
        if (values > Most)
        {
            throw Keys.Fault("ssm.state_size", $"a state of {values} values; at most {Most} are supported");
        }
    }

    /// <summary>The heads of all layers, whose values are as long as their keys.</summary>
    public HeadShape Heads()
    {
        var count = Keys.Integer("attention.head_count", 1, MaxHeads);
        return Heads(Keys.Integer("attention.head_count_kv", 1, MaxHeads, count));
    }

    /// <summary>Key and value heads of each layer; 0 where it has no attention.</summary>
    public int[] KvHeadsByLayer() => Keys.Integers("attention.head_count_kv", BlockCount, 0, MaxHeads);

    /// <summary>The heads of layers with <paramref name="kvCount"/> key and value heads.</summary>
    public HeadShape Heads(int kvCount)
    {
        var count = Keys.Integer("attention.head_count", 1, MaxHeads);
        if (kvCount == 0)
        {
            throw Keys.Fault("attention.head_count_kv", "no layer has attention, which is not supported");
        }

        if (count % kvCount != 0)
        {
            throw Keys.Fault("attention.head_count_kv", $"{count} heads are no multiple of {kvCount} key-value heads");
        }

        if (!Keys.Has("attention.key_length") && Width % count != 0)
        {
            throw Keys.Fault("attention.head_count", $"width {Width} is no multiple of {count} heads");
        }

        var size = Keys.Integer("attention.key_length", 2, MaxHeadSize, Width / count);
        if (size % 2 != 0 || size is < 2 or > MaxHeadSize)
        {
            throw Keys.Fault("attention.key_length", $"a head of {size} values; it must be even, from 2 to {MaxHeadSize}");
        }

        Keys.Integer("attention.value_length", size, size, size);
        return new HeadShape(count, kvCount, size);
    }

    /// <summary>
    /// Positions of a model whose file may name a window that the architecture does not have in all of its models: it makes no difference to texts that
    /// fit it, so it bounds the context.
    /// </summary>
    public int WindowedContext()
    {
        var window = Keys.Integer("attention.sliding_window", 0, int.MaxValue, 0);
        return window == 0 ? ContextLength : Math.Min(ContextLength, window);
    }

    /// <summary>The bound of logits, 0 for none.</summary>
    public float LogitCap() => Keys.Float("final_logit_softcapping", 0, 1e6f, 0);

    /// <summary>
    /// How heads turn, by the file's base, its factors and its scaling (none, linear, yarn). Values of a head that turn are
    /// <c>rope.dimension_count</c>, by default all.
    /// </summary>
    public RopeSettings Rope(RopeLayout layout, HeadShape heads)
    {
        var theta = Keys.Float("rope.freq_base", 1, 1e12f, 10000);
        var dimensions = RopeDimensions(heads);
        var scaling = Keys.Text("rope.scaling.type") ?? "none";
        var rope = scaling switch
        {
            "none" => new RopeSettings(layout, RopeSettings.Plain(theta, dimensions)),
            "linear" => Linear(layout, theta, dimensions),
            "yarn" => Yarn(layout, theta, dimensions),
            _ => throw Keys.Fault("rope.scaling.type", $"'{GgufCursor.Printable(scaling)}' is not supported; 'none', 'linear' and 'yarn' are"),
        };
        const string Factors = "rope_freqs.weight";
        return Tensors.Has(Factors) ? Divided(rope, Factors) : rope;
    }

    /// <summary>How heads turn by a base of their own and nothing else.</summary>
    public RopeSettings Rope(RopeLayout layout, HeadShape heads, float theta) =>
        new(layout, RopeSettings.Plain(theta, RopeDimensions(heads)));

    /// <summary>The same with each frequency divided by a factor of the tensor called <paramref name="factors"/>.</summary>
    public RopeSettings Divided(RopeSettings rope, string factors)
    {
        var divisors = Tensors.Factors(factors, rope.Frequencies.Count);
        return rope with { Frequencies = [.. rope.Frequencies.Zip(divisors, static (frequency, divisor) => frequency / divisor)] };
    }

    /// <summary>YaRN by the file's keys, without what it does to the magnitude.</summary>
    public double[] YarnFrequencies(float theta, int dimensions, out float factor)
    {
        factor = Keys.Float("rope.scaling.factor", 1, 1e6f);
        return RopeSettings.Yarn(
            theta, dimensions, factor, Keys.Integer("rope.scaling.original_context_length", 1, MaxContext),
            Keys.Float("rope.scaling.yarn_beta_fast", 0.001f, 1e6f, 32), Keys.Float("rope.scaling.yarn_beta_slow", 0.001f, 1e6f, 1));
    }

    /// <summary>The model, layer by layer.</summary>
    /// <param name="layer">The branches of a layer.</param>
    /// <param name="context">Positions that it may be used for, where they are less than <see cref="ContextLength"/>.</param>
    /// <param name="predicting">Blocks at the end that predict further tokens: they are left out, but for the first where there is <paramref name="head"/>.</param>
    /// <param name="outputNorm">Name of the last norm.</param>
    /// <param name="outputScales">Whether layers may scale the residual stream.</param>
    /// <param name="perLayer">What layers are told of tokens beside it.</param>
    /// <param name="head">The branches of a block that predicts a further token; null where such blocks are left out.</param>
    /// <exception cref="InvalidModelException">A number or a tensor is missing, wrong, or not known to the architecture.</exception>
    public DecoderGraph Decoder(
        Func<LayerReader, IReadOnlyList<ResidualBranch>> layer, int? context = null, int predicting = 0, string outputNorm = "output_norm", bool outputScales = false,
        PerLayerInput? perLayer = null, Func<LayerReader, IReadOnlyList<ResidualBranch>>? head = null)
    {
        var embedding = Tensors.Matrix(Embedding, Width, VocabularySize);
        var layers = new List<DecoderLayer>();
        for (var i = 0; i < BlockCount - predicting; i++)
        {
            var branches = layer(new LayerReader(this, i));
            var scale = $"blk.{i}.layer_output_scale.weight";
            layers.Add(new DecoderLayer(branches) { OutputScale = outputScales && Tensors.Has(scale) ? Tensors.Number(scale) : 1 });
        }

        var positions = Math.Min(ContextLength, context ?? ContextLength);
        var graph = new DecoderGraph
        {
            Config = Config(layers, positions),
            TokenEmbedding = embedding,
            PerLayer = perLayer,
            Layers = layers,
            OutputNorm = Tensors.Vector(outputNorm + ".weight", Width),
            Output = Tensors.Has("output.weight") ? Tensors.Matrix("output.weight", Width, VocabularySize) : embedding,
        };
        var predictor = new LayerReader(this, layers.Count);
        if (predicting > 0 && head is not null && predictor.Has(HeadProjection))
        {
            // Whoever does not ask for it can do without.
            try
            {
                graph = graph with { Head = Head(graph, predictor, head(predictor), positions) };
                Tensors.RefuseUnknown($"blk.{layers.Count}.");
            }
            catch (InvalidModelException e)
            {
                graph = graph with { Head = null, HeadFault = e.Message };
            }
        }

        // Quantisers keep the number of such blocks where they leave their tensors out.
        for (var i = layers.Count + (graph.Head is null ? 0 : 1); i < BlockCount; i++)
        {
            Tensors.Skip($"blk.{i}.");
        }

        Tensors.RefuseUnknown();
        Keys.RefuseOtherMathematics();
        return graph;
    }

    /// <summary>What a block that predicts has beside its branches; embedding, last norm and output are the model's where it has none of its own.</summary>
    private DecoderGraph Head(DecoderGraph model, LayerReader layer, IReadOnlyList<ResidualBranch> branches, int context)
    {
        const string Tokens = "nextn.embed_tokens", Norm = "nextn.shared_head_norm", Output = "nextn.shared_head_head";
        List<DecoderLayer> layers = [new DecoderLayer(branches)];
        return new DecoderGraph
        {
            Config = Config(layers, context),
            TokenEmbedding = layer.Has(Tokens) ? layer.Matrix(Tokens, Width, VocabularySize) : model.TokenEmbedding,
            EmbeddingScale = model.EmbeddingScale,
            HiddenInput = new HiddenInput(layer.Vector("nextn.enorm", Width), layer.Vector("nextn.hnorm", Width), layer.Matrix(HeadProjection, 2L * Width, Width)),
            Layers = layers,
            OutputNorm = layer.Has(Norm) ? layer.Vector(Norm, Width) : model.OutputNorm,
            Output = layer.Has(Output) ? layer.Matrix(Output, Width, VocabularySize) : model.Output,
            LogitScale = model.LogitScale,
            LogitCap = model.LogitCap,
        };
    }

    private ModelConfig Config(List<DecoderLayer> layers, int context)
    {
        var operators = layers.SelectMany(static layer => layer.Operators).ToList();
        var heads = AttentionOperator.Among(operators).Select(static attention => attention.Heads).ToList();
        var mixtures = operators.OfType<MixtureOperator>().ToList();
        var name = _file.FindString("general.name");
        return new ModelConfig
        {
            Architecture = _architecture,
            Name = string.IsNullOrWhiteSpace(name) ? Path.GetFileNameWithoutExtension(_file.Path) : GgufCursor.Printable(name),
            LayerCount = layers.Count,
            Width = Width,
            HeadCount = heads.Max(static shape => shape.Count),
            KvHeadCount = heads.Max(static shape => shape.KvCount),
            HeadSize = heads.Max(static shape => shape.Size),
            FeedForwardWidth = operators.OfType<FeedForwardOperator>().Select(static part => part.HiddenWidth)
                .Concat(mixtures.Select(static part => part.HiddenWidth)).DefaultIfEmpty().Max(),
            VocabularySize = VocabularySize,
            ContextLength = context,
            NormEpsilon = Keys.Float("attention.layer_norm_rms_epsilon", float.Epsilon, 1),
            ExpertCount = mixtures.Select(static part => part.ExpertCount).DefaultIfEmpty().Max(),
            ExpertUsedCount = mixtures.Select(static part => part.UsedCount).DefaultIfEmpty().Max(),
        };
    }

    private int RopeDimensions(HeadShape heads)
    {
        var dimensions = Keys.Integer("rope.dimension_count", 2, heads.Size, heads.Size);
        return dimensions % 2 == 0 ? dimensions : throw Keys.Fault("rope.dimension_count", $"{dimensions} is odd; values turn in pairs");
    }

    private RopeSettings Linear(RopeLayout layout, float theta, int dimensions)
    {
        var factor = Keys.Float("rope.scaling.factor", 1e-6f, 1e6f, 1);
        return new RopeSettings(layout, [.. RopeSettings.Plain(theta, dimensions).Select(frequency => frequency / factor)]);
    }

    // The magnitude is that of the paper, section 3.4.
    private RopeSettings Yarn(RopeLayout layout, float theta, int dimensions)
    {
        var frequencies = YarnFrequencies(theta, dimensions, out var factor);
        return new RopeSettings(layout, frequencies, 1 + (0.1 * Math.Log(factor)));
    }

    private void CheckVocabulary()
    {
        Keys.Integer("vocab_size", VocabularySize, VocabularySize, VocabularySize);
        const string Tokens = "tokenizer.ggml.tokens";
        if (_file.FindArrayLength(Tokens) is { } tokens && tokens != VocabularySize)
        {
            throw _file.Fault(Tokens, $"{tokens} tokens, but the embedding has {VocabularySize} rows");
        }
    }
}
