namespace Crescent.Silo.Api.Wire;

/// <summary>Logs the fields of a request that this server does not know.</summary>
internal sealed partial class IgnoredFields(ILogger<IgnoredFields> logger)
{
    /// <summary>Logs them.</summary>
    /// <param name="http">The request.</param>
    /// <param name="body">Its body.</param>
    /// <param name="more">What is known, and makes no difference here.</param>
    public void Report(HttpContext http, RequestFields body, params IEnumerable<string> more)
    {
        if (logger.IsEnabled(LogLevel.Debug))
        {
            foreach (var name in body.Unread.Concat(more))
            {
                LogIgnored(http.Request.Path, name);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Path}: '{Field}' is ignored.")]
    private partial void LogIgnored(PathString path, string field);
}
