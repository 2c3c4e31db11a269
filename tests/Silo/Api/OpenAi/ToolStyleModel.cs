using System.Text;

namespace Crescent.Tests.Silo.Api.OpenAi;

/// <summary>The embedded model with the chat template of another family, which writes calls of tools in its own way.</summary>
internal static class ToolStyleModel
{
    /// <summary>As Mistral's models: <c>[TOOL_CALLS]</c> and a list of calls.</summary>
    public const string Mistral = """
        {%- for m in messages -%}
        {%- if m.role == 'user' -%}
        {%- if tools and loop.last -%}{{ '[AVAILABLE_TOOLS]' + (tools | tojson) + '[/AVAILABLE_TOOLS]' }}{%- endif -%}
        {{ '[INST]' + m.content + '[/INST]' }}
        {%- elif m.role == 'tool' -%}{{ '[TOOL_RESULTS]' + m.content + '[/TOOL_RESULTS]' }}
        {%- elif m.tool_calls -%}
        {{ '[TOOL_CALLS][' }}{%- for c in m.tool_calls -%}{{ '{"name": "' + c.function.name + '", "arguments": ' }}{{ c.function.arguments | tojson }}{{ '}' }}{%- endfor -%}{{ ']' }}
        {%- else -%}{{ m.content }}
        {%- endif -%}
        {%- endfor -%}
        """;

    /// <summary>As Llama's: a call is the answer itself.</summary>
    public const string Llama = """
        {%- for m in messages -%}
        {{ '<|im_start|>' + m.role + '\n' }}
        {%- if tools and loop.first -%}{{ 'Answer with {"name": function name, "parameters": dictionary of argument name and its value}.\n' }}{{ tools | tojson }}{{ '\n' }}{%- endif -%}
        {%- if m.tool_calls -%}{{ '{"name": "' + m.tool_calls[0].function.name + '", "parameters": ' }}{{ m.tool_calls[0].function.arguments | tojson }}{{ '}' }}
        {%- else -%}{{ m.content }}
        {%- endif -%}
        {{ '<|im_end|>\n' }}
        {%- endfor -%}
        {%- if add_generation_prompt -%}{{ '<|im_start|>assistant\n' }}{%- endif -%}
        """;

    /// <summary>Writes it to <paramref name="path"/>: what is left of the room of its own template is a comment.</summary>
    public static string Write(string path, string template)
    {
        var file = File.ReadAllBytes(TestFiles.TinyModel);
        var key = "tokenizer.chat_template"u8;
        var at = file.AsSpan().IndexOf(key) + key.Length + sizeof(int);
        var length = (int)BitConverter.ToUInt64(file, at);
        var bytes = Encoding.UTF8.GetBytes(template + "{#");
        var room = file.AsSpan(at + sizeof(ulong), length);
        room.Fill((byte)' ');
        bytes.CopyTo(room);
        "#}"u8.CopyTo(room[^2..]);
        File.WriteAllBytes(path, file);
        return path;
    }
}
