namespace Crescent.Grains.Tracing;

/// <summary>
/// Names of OpenTelemetry's semantic conventions that are used here, all of them: those of generative AI are still being developed, and change in this file alone. Looked up in November
/// 2026 (https://opentelemetry.io/docs/specs/semconv/).
/// </summary>
public static class SemanticNames
{
    // Generative AI.
    public const string ProviderName = "gen_ai.provider.name";
    public const string OperationName = "gen_ai.operation.name";
    public const string RequestModel = "gen_ai.request.model";
    public const string RequestMaxTokens = "gen_ai.request.max_tokens";
    public const string RequestTemperature = "gen_ai.request.temperature";
    public const string ResponseId = "gen_ai.response.id";
    public const string FinishReasons = "gen_ai.response.finish_reasons";
    public const string TimeToFirstChunk = "gen_ai.response.time_to_first_chunk";
    public const string InputTokens = "gen_ai.usage.input_tokens";
    public const string CachedTokens = "gen_ai.usage.cache_read.input_tokens";
    public const string OutputTokens = "gen_ai.usage.output_tokens";
    public const string ConversationId = "gen_ai.conversation.id";
    public const string AgentId = "gen_ai.agent.id";
    public const string AgentName = "gen_ai.agent.name";
    public const string ToolName = "gen_ai.tool.name";
    public const string ToolCallId = "gen_ai.tool.call.id";

    // Its operations.
    public const string Chat = "chat";
    public const string TextCompletion = "text_completion";
    public const string Embeddings = "embeddings";
    public const string InvokeAgent = "invoke_agent";
    public const string ExecuteTool = "execute_tool";

    // Its histograms, in seconds.
    public const string ServerRequestDuration = "gen_ai.server.request.duration";
    public const string ServerTimeToFirstToken = "gen_ai.server.time_to_first_token";
    public const string ServerTimePerOutputToken = "gen_ai.server.time_per_output_token";

    // Hardware.
    public const string HardwareId = "hw.id";
    public const string HardwareType = "hw.type";

    /// <summary>Watts.</summary>
    public const string HardwarePower = "hw.power";

    /// <summary>Joules.</summary>
    public const string HardwareEnergy = "hw.energy";

    // HTTP and what all spans have.
    public const string HttpMethod = "http.request.method";
    public const string HttpRoute = "http.route";
    public const string HttpStatus = "http.response.status_code";
    public const string UrlPath = "url.path";
    public const string ErrorType = "error.type";
    public const string ServiceName = "service.name";
    public const string ServiceInstanceId = "service.instance.id";
}
