namespace Crescent.Client.Mock;

/// <summary>In which form a mock server answers.</summary>
internal enum MockDialect
{
    /// <summary><c>/v1/chat/completions</c>.</summary>
    Chat,

    /// <summary><c>/v1/completions</c>.</summary>
    Text,

    /// <summary><c>/v1/responses</c>.</summary>
    Responses,
}
