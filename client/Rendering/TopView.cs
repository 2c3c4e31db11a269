namespace Crescent.Client.Rendering;

/// <summary>What of a factory <c>top</c> shows, and in which order.</summary>
/// <param name="Page">Which of its tables.</param>
/// <param name="Sort">What devices are ordered by.</param>
/// <param name="Filter">What a device's silo, name, model, or state must contain; empty for all.</param>
/// <param name="IsReversed">The other way round.</param>
/// <param name="IsTyping">Whether keys go into the filter.</param>
internal sealed record TopView(TopPage Page = TopPage.Devices, TopSort Sort = TopSort.Name, string Filter = "", bool IsReversed = false, bool IsTyping = false)
{
    /// <summary>The keys in words.</summary>
    public const string Keys = "d devices  m models  t tenants  s sort  r reverse  / filter  q leave";

    private const int LongestFilter = 64;

    /// <summary>What is shown after a key; null to leave.</summary>
    public TopView? After(ConsoleKeyInfo key)
    {
        if (IsTyping)
        {
            return key switch
            {
                { Key: ConsoleKey.Enter } => this with { IsTyping = false },
                { Key: ConsoleKey.Escape } => this with { IsTyping = false, Filter = "" },
                { Key: ConsoleKey.Backspace } => this with { Filter = Filter.Length > 0 ? Filter[..^1] : "" },
                _ => char.IsControl(key.KeyChar) || Filter.Length >= LongestFilter ? this : this with { Filter = Filter + key.KeyChar },
            };
        }

        return key.KeyChar switch
        {
            'q' or 'Q' => null,
            'd' => this with { Page = TopPage.Devices },
            'm' => this with { Page = TopPage.Models },
            't' => this with { Page = TopPage.Tenants },
            's' => this with { Page = TopPage.Devices, Sort = (TopSort)(((int)Sort + 1) % Enum.GetValues<TopSort>().Length), IsReversed = false },
            'r' => this with { IsReversed = !IsReversed },
            '/' => this with { IsTyping = true, Filter = "" },
            _ => key.Key == ConsoleKey.Escape ? this with { Filter = "" } : this,
        };
    }
}
