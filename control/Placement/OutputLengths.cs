using System.Numerics;

namespace Crescent.Control.Placement;

/// <summary>
/// How many tokens calls come to: learned for each class of calls from those that have ended, as the share of the tokens that they were
/// allowed, so that a decision knows more of a call than its limit. Not safe for use by several threads.
/// </summary>
/// <remarks>
/// Calls of one class with limits of different sizes use different shares of them, so each power of two has a mean of its own. A class
/// of which nothing is known is expected to use its limit, but no more than <see cref="Unknown"/>.
/// </remarks>
public sealed class OutputLengths
{
    /// <summary>Most tokens that are expected of a class of which nothing is known.</summary>
    public const int Unknown = 256;

    /// <summary>Classes that are remembered; of more, those are forgotten that ended a call least recently.</summary>
    public const int MaxClasses = 4096;

    /// <summary>Weight of the newest call.</summary>
    private const double Newest = 0.05;

    private readonly Dictionary<Key, LinkedListNode<Mean>> _means = [];
    private readonly LinkedList<Mean> _byAge = [];

    /// <summary>Tokens that a call of <paramref name="name"/> with a limit of <paramref name="maxTokens"/> comes to in the mean, 1 to the limit.</summary>
    public double Expect(string name, int maxTokens) => _means.TryGetValue(Key.Of(name, maxTokens), out var mean)
        ? Math.Clamp(mean.Value.Share * maxTokens, 1, Math.Max(1, maxTokens))
        : Math.Clamp(maxTokens, 1, Unknown);

    /// <summary>A call of <paramref name="name"/> that was allowed <paramref name="maxTokens"/> has come to <paramref name="tokens"/>.</summary>
    public void Learn(string name, int maxTokens, int tokens)
    {
        if (maxTokens < 1)
        {
            return;
        }

        var share = Math.Clamp((double)tokens / maxTokens, 0, 1);
        var key = Key.Of(name, maxTokens);
        if (_means.TryGetValue(key, out var node))
        {
            node.Value.Share += Newest * (share - node.Value.Share);
            _byAge.Remove(node);
        }
        else
        {
            var first = Expect(name, maxTokens) / maxTokens;
            node = new LinkedListNode<Mean>(new Mean(key) { Share = first + (Newest * (share - first)) });
            _means.Add(key, node);
        }

        _byAge.AddLast(node);
        if (_means.Count > MaxClasses)
        {
            _means.Remove(_byAge.First!.Value.Key);
            _byAge.RemoveFirst();
        }
    }

    private readonly record struct Key(string Name, int Size)
    {
        /// <summary>The class, and the power of two of its limit.</summary>
        public static Key Of(string name, int maxTokens) => new(name, BitOperations.Log2((uint)Math.Max(1, maxTokens)));
    }

    private sealed class Mean(Key key)
    {
        public Key Key { get; } = key;

        public double Share { get; set; }
    }
}
