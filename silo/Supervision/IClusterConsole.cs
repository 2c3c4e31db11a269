namespace Crescent.Silo.Supervision;

/// <summary>What a supervisor tells its user while the cluster runs.</summary>
internal interface IClusterConsole
{
    /// <summary>A step towards serving, with the seconds since the start.</summary>
    void Progress(string text);

    /// <summary>Something to take note of.</summary>
    void Notice(string text);

    /// <summary>Something went wrong.</summary>
    void Error(string text);
}
