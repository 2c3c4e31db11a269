namespace Crescent.Engine.Devices.Cpu.Attention;

/// <summary>Attention, whatever instruction set and KV format it is compiled for.</summary>
internal interface IAttentionPhase : IDisposable
{
    /// <summary>Takes in the step; one thread calls it.</summary>
    void Begin(StepPlan plan);

    /// <summary>Computes the rotary angles of a token.</summary>
    void PrepareAngles(int token);

    /// <summary>
    /// This thread's share of adding biases, normalising and turning the heads of queries and keys; keys and values go to their
    /// pages. A barrier must follow.
    /// </summary>
    void Rotate(int thread, AttentionLayer layer);

    /// <summary>This thread's share of the attention itself. A barrier must follow.</summary>
    void Attend(int thread, AttentionLayer layer);
}
