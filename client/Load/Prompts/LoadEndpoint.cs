namespace Crescent.Client.Load.Prompts;

/// <summary>What is asked of a server.</summary>
internal enum LoadEndpoint
{
    Chat,
    Completions,
    Responses,
    Embeddings,
}
