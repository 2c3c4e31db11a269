namespace Crescent.Client.Load.Plans;

/// <summary>Makes up scripts, one after the other. Not safe for use by several threads: who plans is one.</summary>
internal interface IScriptSource
{
    /// <summary>The next; null when there is none left.</summary>
    Script? Next();
}
