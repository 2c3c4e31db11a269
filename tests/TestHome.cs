using System.Runtime.CompilerServices;
using Crescent.Grains.Contracts.Local;

namespace Crescent.Tests;

/// <summary>
/// Gives the tests a <c>~/.crescent</c> of their own, so that they neither see nor disturb a cluster of whoever runs them.
/// Processes that tests start inherit it.
/// </summary>
internal static class TestHome
{
    public static string Folder { get; } = Path.Combine(Path.GetTempPath(), $"crescent-tests-{Environment.ProcessId}");

    [ModuleInitializer]
    internal static void Use()
    {
        Environment.SetEnvironmentVariable(LocalCluster.HomeVariable, Folder);
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            if (Directory.Exists(Folder))
            {
                Directory.Delete(Folder, recursive: true);
            }
        };
    }
}
