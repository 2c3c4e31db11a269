namespace Crescent.Client.Connections;

/// <summary>How a user starts a factory on this machine.</summary>
internal static class StartHint
{
    public const string Command = "dotnet run -c Release --project silo";
}
