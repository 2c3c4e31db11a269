using System.CommandLine;
using Crescent.Silo.Configuration;

namespace Crescent.Silo;

/// <summary>The options of the command line, made from <see cref="Settings"/>.</summary>
public static class CommandLine
{
    /// <summary>The command.</summary>
    /// <param name="run">Runs with what the command line sets, by configuration key, and gives the exit code.</param>
    public static RootCommand Create(Func<IReadOnlyDictionary<string, string?>, CancellationToken, Task<int>> run)
    {
        var command = new RootCommand(
            "Crescent serves a language model from a cluster of silos. Without options: a local cluster of three processes on the "
            + "embedded model. Each option can also be set in appsettings.json beside the executable and in the "
            + "environment (--kv-blocks as Crescent:KvBlocks and Crescent__KvBlocks); wrong values are told with their keys.");
        var options = Settings.All.Select(setting => (setting, Option(setting))).ToList();
        foreach (var (_, option) in options)
        {
            command.Options.Add(option);
        }

        command.SetAction((result, cancellationToken) =>
        {
            var given = options
                .Where(o => result.GetResult(o.Item2) is { Implicit: false })
                .ToDictionary(o => o.setting.Key, o => result.GetValue(o.Item2) ?? (o.setting.IsFlag ? bool.TrueString : null));
            return run(given, cancellationToken);
        });
        return command;
    }

    private static Option<string?> Option(Setting setting) => new(setting.Option)
    {
        Description = setting.Description,
        HelpName = setting.Argument,
        Hidden = setting.Hidden,
        Arity = setting.IsFlag ? ArgumentArity.ZeroOrOne : ArgumentArity.ExactlyOne,
    };
}
