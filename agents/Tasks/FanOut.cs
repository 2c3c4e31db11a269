namespace Crescent.Agents.Tasks;

/// <summary>
/// How wide a task of the batch class may fan out while power is dear: fewer steps at once, step by step, before the price is reached at which devices hold its calls. It widens
/// again only when the price has fallen well below.
/// </summary>
public sealed class FanOut
{
    /// <summary>Prices, in points, at which it narrows to a half, a quarter, an eighth and to one step at a time; at the last devices begin to hold calls.</summary>
    public static readonly IReadOnlyList<double> Prices = [2.5, 5, 7.5, 10];

    // A price has to fall to this share of what narrowed it.
    private const double Until = 0.5;

    private int _level;

    /// <summary>Steps that may be under way at once.</summary>
    /// <param name="most">As many as the task's budget allows, 1 and up.</param>
    /// <param name="price">The governor's price of power, in points; 0 where there is enough.</param>
    public int Width(int most, double price)
    {
        while (_level < Prices.Count && price >= Prices[_level])
        {
            _level++;
        }

        while (_level > 0 && price < Prices[_level - 1] * Until)
        {
            _level--;
        }

        return _level == Prices.Count ? 1 : Math.Max(1, most >> _level);
    }
}
