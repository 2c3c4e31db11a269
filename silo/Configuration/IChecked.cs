namespace Crescent.Silo.Configuration;

/// <summary>Options that can say what is wrong with them.</summary>
public interface IChecked
{
    /// <summary>One sentence for each wrong setting, naming it and what it takes; empty when all is well.</summary>
    IEnumerable<string> Problems();
}
