using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Model.ToolCalls;

namespace Crescent.Tests.Engine.Model.ToolCalls;

public sealed class ToolCallStylesTests
{
    [Theory]
    [InlineData("{{ '<tool_call>\n' }}{{ call.arguments | tojson }}", ToolCallStyle.Hermes)]
    [InlineData("{{ '<tool_call>\n<function=' ~ call.name }}", ToolCallStyle.Xml)]
    [InlineData("{{ '<|start|>assistant<|channel|>final<|message|>' }}", ToolCallStyle.Harmony)]
    [InlineData("{{ '[TOOL_CALLS]' ~ name ~ '[ARGS]' }}", ToolCallStyle.MistralNamed)]
    [InlineData("{{ '<|tool_call|>' ~ message.tool_calls | tojson }}", ToolCallStyle.Granite)]
    [InlineData("{{ '<tool_call>' ~ name ~ '<arg_key>' }}", ToolCallStyle.Glm)]
    [InlineData("{{ '<｜tool▁call▁begin｜>function<｜tool▁sep｜>' ~ name ~ '\n```json' }}", ToolCallStyle.DeepSeek)]
    [InlineData("{{ '<｜tool▁call▁begin｜>' ~ name ~ '<｜tool▁sep｜>' }}", ToolCallStyle.DeepSeekNamed)]
    [InlineData("{{ '<|tool_call_begin|>' ~ id ~ '<|tool_call_argument_begin|>' }}", ToolCallStyle.Kimi)]
    [InlineData("{{ '<|tool_call_start|>[' }}", ToolCallStyle.Lfm)]
    [InlineData("{{ 'List of tools: <|tool_list_start|>[' }}", ToolCallStyle.Lfm)]
    [InlineData("{{ '<|tool_call>call:' ~ name }}", ToolCallStyle.Gemma)]
    [InlineData("{{ '<start_function_call>call:' ~ name }}", ToolCallStyle.FunctionGemma)]
    [InlineData("{{ '<TOOLCALL>[' }}", ToolCallStyle.Nemotron)]
    [InlineData("{{ '<|tool|>' ~ message['tools'] ~ '<|/tool|>' }}", ToolCallStyle.Phi)]
    [InlineData("You MUST put it in the format of [func_name1(params_name1=params_value1, params_name2=params_value2...), func_name2(params)]", ToolCallStyle.Python)]
    [InlineData("{{ '[TOOL_CALLS][' }}", ToolCallStyle.Mistral)]
    [InlineData("{{ '<|python_tag|>' }}", ToolCallStyle.Llama)]
    [InlineData("Respond in the format {\"name\": function name, \"parameters\": dictionary of argument name and its value}.", ToolCallStyle.Llama)]
    [InlineData("{{ '<|im_start|>' }}", ToolCallStyle.None)]
    public void The_template_tells_the_style(string source, ToolCallStyle style) => Assert.Equal(style, ToolCallStyles.Detect(source));

    [Fact]
    public void The_embedded_model_calls_tools_as_Hermes_does()
    {
        using var file = GgufFile.Open(TestFiles.TinyModel);
        Assert.Equal(ToolCallStyle.Hermes, ToolCallStyles.Detect(file.GetString("tokenizer.chat_template")));
    }
}
