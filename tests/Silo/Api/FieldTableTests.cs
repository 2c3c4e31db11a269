namespace Crescent.Tests.Silo.Api;

/// <summary>Each field of the references of the three dialects stands in a table: served, ignored or refused.</summary>
public sealed class FieldTableTests
{
    private const string Chat =
        "audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens messages metadata modalities model n parallel_tool_calls prediction "
        + "presence_penalty prompt_cache_key prompt_cache_retention reasoning_effort response_format safety_identifier seed service_tier stop store stream stream_options.include_usage "
        + "stream_options.include_obfuscation temperature tool_choice tools top_logprobs top_p user verbosity web_search_options";

    private const string Messages =
        "model messages max_tokens cache_control container context_management inference_geo mcp_servers metadata output_config.effort output_config.format output_format service_tier speed "
        + "stop_sequences stream system temperature thinking.type thinking.budget_tokens tool_choice tools top_k top_p betas";

    private const string Responses =
        "background context_management conversation include input instructions max_output_tokens max_tool_calls metadata model parallel_tool_calls previous_response_id prompt prompt_cache_key "
        + "prompt_cache_retention reasoning.effort reasoning.summary safety_identifier service_tier store stream stream_options.include_obfuscation temperature text.format text.verbosity tool_choice "
        + "tools top_logprobs top_p truncation user";

    [Theory]
    [InlineData("## Chat", Chat)]
    [InlineData("## Messages", Messages)]
    [InlineData("## Responses", Responses)]
    public void Every_field_of_the_reference_is_in_the_table(string section, string fields)
    {
        var text = File.ReadAllText(TestFiles.Project("docs", "dialects.md"));
        var from = text.IndexOf(section + "\n", StringComparison.Ordinal);
        var to = text.IndexOf("\n## ", from + 1, StringComparison.Ordinal);
        string[] rows = [.. text[from..(to < 0 ? text.Length : to)].Split('\n').Where(static line => line.StartsWith('|'))];
        Assert.All(fields.Split(' '), field => Assert.Contains(rows, row => row.Split('|')[1] is var named
            && (named.Contains($"`{field}`", StringComparison.Ordinal) || named.Contains($"`{field}:", StringComparison.Ordinal))));
    }
}
