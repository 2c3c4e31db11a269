using Microsoft.Extensions.Logging;

namespace Crescent.Grains.Planning;

/// <summary>What is logged about replicas.</summary>
internal static partial class PlannerLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "The planner looks after {Of} from {Silo}: {Mode}.")]
    public static partial void Plans(ILogger logger, string of, string silo, string mode);

    [LoggerMessage(Level = LogLevel.Information, Message = "Planner: {What}")]
    public static partial void Did(ILogger logger, string what);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The planner cannot read or change {Of}: {Reason}")]
    public static partial void Failed(ILogger logger, string of, string reason);
}
