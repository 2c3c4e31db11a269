using Crescent.Agents.Strategies;
using Crescent.Grains.Agents;
using Crescent.Silo.Configuration;

namespace Crescent.Silo.Hosting;

/// <summary>The strategies of agents: the built-in ones, and those of files.</summary>
internal static class StrategyFiles
{
    /// <summary>Reads the files that the settings name.</summary>
    /// <exception cref="StartException">One cannot be read, or is no strategy.</exception>
    public static StrategyCatalogue Read(IConfiguration configuration)
    {
        var strategies = new StrategyCatalogue();
        foreach (var path in Settings.Bind<AgentOptions>(configuration, AgentOptions.Section).Strategies?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [])
        {
            try
            {
                strategies.Add(StrategyTemplate.Parse(File.ReadAllText(path)));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new StartException($"The strategy {path} cannot be read: {e.Message} Name another file with {Settings.Strategies}.", e);
            }
            catch (Exception e) when (e is FormatException or ArgumentException)
            {
                throw new StartException($"The strategy {path} cannot be used: {e.Message}", e);
            }
        }

        return strategies;
    }
}
