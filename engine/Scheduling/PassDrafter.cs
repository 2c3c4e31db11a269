using Crescent.Engine.Devices;
using Crescent.Engine.Model.Text;
using Crescent.Engine.Sampling;

namespace Crescent.Engine.Scheduling;

/// <summary>What drafters with a model of their own have in common: passes for all sequences together, and an end to guesses once one has thrown.</summary>
/// <param name="model">The model.</param>
/// <param name="tokenizer">The engine's.</param>
/// <param name="failed">Told when it has thrown; nothing more is guessed then.</param>
internal abstract class PassDrafter(DraftModel model, Tokenizer tokenizer, Action<Exception> failed)
{
    /// <summary>The pass that is planned.</summary>
    protected StepPlan Pass { get; } = new(KvBlockSize.Of(model.Device.Info), model.Device.Info.ReadsBlockTables, model.Device.Info.KvGroups.Count);

    /// <summary>Draws its guesses.</summary>
    protected GuessDraws Draws { get; } = new(model.Device, new Sampler(tokenizer, model.Device.Info.VocabularySize));

    /// <summary>Sequences that guess in the pass that is planned.</summary>
    protected List<(Sequence Sequence, SequenceDraft Draft)> Guessing { get; } = [];

    /// <summary>Whether it has thrown: the sequences need no guesses.</summary>
    protected bool IsOff { get; private set; }

    /// <inheritdoc cref="IDrafter.Kind"/>
    public DrafterKind Kind { get; } = DrafterKind.Model;

    /// <inheritdoc cref="IDrafter.Propose"/>
    public void Propose(List<DraftAsk> asks, int room)
    {
        var isDone = false;
        try
        {
            Plan(asks, room);
            for (var pass = 0; !Pass.Slices.IsEmpty; pass++)
            {
                Guess(pass);
            }

            isDone = true;
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            Failed(fault);
            return;
        }
        finally
        {
            if (!isDone)
            {
                GiveUp();
            }
        }

        foreach (var (sequence, _) in asks)
        {
            sequence.Propose(Kind, sequence.Draft!.Guesses);
        }
    }

    /// <summary>Plans the first pass.</summary>
    protected abstract void Plan(List<DraftAsk> asks, int room);

    /// <summary>Does the pass that is planned, takes the guess of each sequence that is in it, and plans the next.</summary>
    protected abstract void Guess(int pass);

    /// <summary>Says what was thrown.</summary>
    protected void Failed(Exception fault) => failed(fault);

    /// <summary>Nothing is known of its blocks any more, whatever was thrown.</summary>
    protected void GiveUp()
    {
        IsOff = true;
        Pass.Clear();
        Guessing.Clear();
        Draws.Clear();
    }
}
