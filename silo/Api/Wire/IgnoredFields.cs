namespace Crescent.Silo.Api.Wire;

/// <summary>Logs the fields of a request that this server does not know.</summary>
internal sealed partial class IgnoredFields(ILogger<IgnoredFields> logger)
{
    public void Report(HttpContext http, RequestFields body)
    {
        if (logger.IsEnabled(LogLevel.Debug))
        {
            foreach (var name in body.Unread)
            {
                LogIgnored(http.Request.Path, name);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Path}: '{Field}' is ignored.")]
    private partial void LogIgnored(PathString path, string field);
}
