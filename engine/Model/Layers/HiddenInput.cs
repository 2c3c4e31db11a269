using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Model.Layers;

/// <summary>
/// What goes into the first layer of a head for multi-token prediction: W [norm(e), norm(h)], with the embedding e of a token and the hidden state h that the model
/// gave for the token before it. Both norms are RMS norms. Names are those of DeepSeek-V3 (arXiv 2412.19437, section 2.2), whose hidden state comes first.
/// </summary>
/// <param name="TokenNorm">Gain for the embedding (width).</param>
/// <param name="HiddenNorm">Gain for the hidden state (width).</param>
/// <param name="Projection">W (2 width, width).</param>
public sealed record HiddenInput(GgufTensor TokenNorm, GgufTensor HiddenNorm, GgufTensor Projection);
