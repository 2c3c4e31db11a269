using Microsoft.Extensions.Logging;

namespace Crescent.Grains.Agents;

/// <summary>Log messages of agent tasks.</summary>
internal static partial class AgentLog
{
    [LoggerMessage(1, LogLevel.Warning, "Task {Task} could not be stored; it waits and tries again.")]
    public static partial void StoreFailed(ILogger logger, Exception exception, string task);

    [LoggerMessage(2, LogLevel.Warning, "Task {Task} goes on in another silo; this activation of it ends.")]
    public static partial void Lost(ILogger logger, Exception exception, string task);

    [LoggerMessage(3, LogLevel.Warning, "The end of task {Task} could not be told to the roster; it is tried again.")]
    public static partial void RosterFailed(ILogger logger, Exception exception, string task);

    [LoggerMessage(4, LogLevel.Warning, "Task {Task} could not be tended; it is tried again.")]
    public static partial void TendFailed(ILogger logger, Exception exception, string task);

    [LoggerMessage(5, LogLevel.Debug, "Step {Step} of task {Task} waits: {Why}")]
    public static partial void Waits(ILogger logger, string task, string step, string why);

    [LoggerMessage(6, LogLevel.Debug, "Event {Number} of task {Task} could not be published; subscribers find it in the task's log.")]
    public static partial void PublishFailed(ILogger logger, Exception exception, string task, long number);

    [LoggerMessage(7, LogLevel.Error, "Task {Task} could not go on; it is played again from its log.")]
    public static partial void Broken(ILogger logger, Exception exception, string task);
}
