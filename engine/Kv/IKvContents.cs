namespace Crescent.Engine.Kv;

/// <summary>What is cached of one chain of blocks.</summary>
public interface IKvContents
{
    /// <summary>Whether what a group of layers keeps of a block is cached, or, of <see cref="KvPlaces.StateGroup"/>, the state behind it.</summary>
    /// <param name="number">Which of the chain.</param>
    /// <param name="group">The group.</param>
    bool Has(int number, int group);
}
