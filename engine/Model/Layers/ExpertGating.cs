namespace Crescent.Engine.Model.Layers;

/// <summary>How the router's logits become scores, whose greatest choose the experts of a token and weigh them.</summary>
public enum ExpertGating
{
    /// <summary>Softmax over all experts.</summary>
    Softmax,

    /// <summary>Sigmoid of each.</summary>
    Sigmoid,

    /// <summary>The logits choose, and the weights are the softmax over those chosen: gpt-oss.</summary>
    SoftmaxOfChosen,
}
