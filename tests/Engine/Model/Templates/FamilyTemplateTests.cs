using System.Text.Json.Nodes;
using Crescent.Engine.Model.Templates;
using Crescent.Engine.Model.Thoughts;

namespace Crescent.Tests.Engine.Model.Templates;

/// <summary>What templates of some families read of a conversation in forms of their own.</summary>
public sealed class FamilyTemplateTests
{
    private static readonly JsonArray Talk = (JsonArray)JsonNode.Parse(
        """
        [{"role":"user","content":"Hi"},
         {"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"look","arguments":"{\"city\":\"Bern\"}"}},{"id":"b","type":"function","function":{"name":"now","arguments":"{}"}}]},
         {"role":"tool","tool_call_id":"b","content":"noon"},{"role":"tool","tool_call_id":"a","content":"{\"sky\":\"blue\"}"},
         {"role":"user","content":"So?"}]
        """)!;

    [Fact]
    public void What_tools_said_goes_with_the_call_where_the_template_reads_it_there()
    {
        var template = ChatTemplate.Parse(
            "{% for m in messages %}<{{ m.role }}>{{ m.content or '' }}{% for c in m.tool_calls %}call:{{ c.function.name }}{% for k, v in c.function.arguments.items() %}[{{ k }}={{ v }}]{% endfor %}{% endfor %}"
            + "{% for r in m.tool_responses %}response:{{ r.name }}={% if r.response is mapping %}{{ r.response.sky }}{% else %}{{ r.response }}{% endif %};{% endfor %}{% endfor %}");
        var form = TemplateProbe.Probe(template);
        Assert.True(form is { ReadsToolResponses: true, KnowsTool: true });
        Assert.Equal(
            "<user>Hi<assistant>call:look[city=Bern]call:nowresponse:now=noon;response:look=blue;<user>So?",
            template.Render(form.Apply(Talk), null, addGenerationPrompt: false));

        // A newer template of the family takes messages of tools.
        Assert.False(TemplateProbe.Probe(ChatTemplate.Parse(template.Source + "{% if messages[0].role == 'tool' %}{% endif %}")).ReadsToolResponses);
    }

    [Fact]
    public void Tools_go_into_the_system_message_where_the_template_reads_them_there()
    {
        var template = ChatTemplate.Parse(
            "{% for message in messages %}{% if message['role'] == 'system' and 'tools' in message and message['tools'] is not none %}<|system|>{{ message['content'] }}<|tool|>{{ message['tools'] }}<|/tool|><|end|>"
            + "{% else %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>{% endif %}{% endfor %}");
        var form = TemplateProbe.Probe(template);
        var tools = (JsonArray)JsonNode.Parse("""[{"type":"function","function":{"name":"look","parameters":{}}}]""")!;
        JsonArray talk = [new JsonObject { ["role"] = "user", ["content"] = "Hi" }];
        Assert.Equal(
            "<|system|><|tool|>[{\"name\":\"look\",\"parameters\":{}}]<|/tool|><|end|><|user|>Hi<|end|>", template.Render(form.Apply(talk, tools), tools, addGenerationPrompt: false));
        talk.Insert(0, new JsonObject { ["role"] = "system", ["content"] = "Be kind." });
        Assert.StartsWith("<|system|>Be kind.<|tool|>[", template.Render(form.Apply(talk, tools), tools, addGenerationPrompt: false), StringComparison.Ordinal);
        Assert.Equal("<|system|>Be kind.<|end|><|user|>Hi<|end|>", template.Render(form.Apply(talk), null, addGenerationPrompt: false));
    }

    [Theory]
    [InlineData("{{ '<|channel>thought\n' }}{{ '<channel|>' }}", "<|channel>thought\nHm.<channel|>Yes.")]
    [InlineData("Write 'Here is my thought process:' and 'Here is my response:'.", "Here is my thought process:\nHm.\n\nHere is my response:\nYes.")]
    [InlineData("{{ '<think>' }}{{ '</think>' }}", "<think>Hm.</think>\n\nYes.")]
    public void Thoughts_are_parted_by_the_marks_of_the_family(string template, string answer)
    {
        var marks = ThoughtMarks.Detect(template);
        Assert.NotNull(marks);
        for (var length = 1; length <= answer.Length; length++)
        {
            var parser = new ThoughtParser(marks, isOpen: false);
            var (thoughts, words) = ("", "");
            var pieces = answer.Chunk(length).Select(static piece => new string(piece)).ToList();
            for (var i = 0; i < pieces.Count; i++)
            {
                parser.Append(pieces[i], i == pieces.Count - 1, out var thought, out var said);
                (thoughts, words) = (thoughts + thought, words + said);
            }

            Assert.Equal(("Hm.", "Yes."), (thoughts, words));
        }
    }

    [Fact]
    public void Control_tokens_of_the_marks_are_given_in_their_places()
    {
        var marks = ThoughtMarks.Detect("<|channel>thought <channel|>")!;
        Assert.True(marks.Has("<|channel>") && marks.Has("<channel|>"));
        Assert.False(marks.Has("<turn|>") || marks.Has(""));
        Assert.True(marks.IsOpenBehind("<|turn>model\n<|channel>thought\n"));
        Assert.False(marks.IsOpenBehind("<|turn>model\n<|channel>thought\n<channel|>"));
    }
}
