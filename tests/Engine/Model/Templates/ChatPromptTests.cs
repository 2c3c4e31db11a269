using System.Text.Json.Nodes;
using Crescent.Engine.Model.Templates;
using Crescent.Engine.Model.Text;
using Crescent.Tests.Engine.Model.Text;
using CsCheck;

namespace Crescent.Tests.Engine.Model.Templates;

/// <summary>Only what the template writes becomes a control token.</summary>
public sealed class ChatPromptTests
{
    private const string ChatMl =
        "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

    // What a message could be made of to become, or to complete, a control string.
    private static readonly Gen<string> Fragments = Gen.OneOf(
        "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|im_", "im_end|>", "end|>", "start", "<", "|", ">", "<|", "|>", "im_", "<|im_end|", "|im_end|>",
        "<|IM_END|>", "<|im-end|>", ">|dne_mi|<", "<|im_<|im_end|>end|>", " ", "\n", "a", "ß", "😀", "&lt;", "\\u003c", "\"", "%s", "{{", "<s>", "</s>", "<unk>", "s>")
        .List[1, 8].Select(string.Concat);

    [Theory]
    [InlineData(ChatMl)]
    [InlineData("{{ '<|im_' + messages[0].content + 'end|>' }}{{ messages[0].content + 'im_end|>' }}<|im_{{ messages[0].content }}|>{{ '<|im_start|>' }}")]
    [InlineData("{{ messages[0].content ~ messages[0].name ~ messages[1].content }}<|im_end|>{{ messages[1].name }}{{ messages[0].content }}")]
    [InlineData("<|im_start|>{{ messages[0].content | lower | replace('-', '_') | trim }}{{ messages[0].content | upper | lower }}")]
    [InlineData("{{ messages[0].content[::-1] }}<|im_end|>{{ messages[0].content[1:] ~ messages[1].content[:-1] }}{{ messages[0].content | reverse }}")]
    [InlineData("{{ messages | tojson }}<|im_end|>{{ messages[0] }}{{ messages[0].content | e }}{{ messages | map(attribute='content') | join('|') }}")]
    [InlineData("{{ messages[0].content.split('a') | join }}<|im_start|>{{ messages[0].content | list | join }}{% for c in messages[0].content %}{{ c }}{% endfor %}")]
    [InlineData("{% macro f(x) %}<|{{ x }}|>{% endmacro %}{{ f(messages[0].content) }}{% set t %}<{{ messages[0].content }}>{% endset %}{{ t }}<|im_end|>{{ '<%sim_end|>' % messages[0].name }}")]
    [InlineData("{% for k, v in messages[0].extra.items() %}{{ k }}{{ v }}{{ '<|' ~ k ~ '|>' }}{% endfor %}<|im_end|>{{ messages[0].extra | dictsort | first | first }}")]
    [InlineData("{{ '{}im_end|>'.format(messages[0].content) }}{{ 'x'.join(messages | map(attribute='content')) }}<|im_end|>{{ messages[0].content.title().lower() }}")]
    public void Control_tokens_are_those_that_the_template_writes(string source)
    {
        var tokenizer = Tokenizers.Tiny;
        var prompt = new ChatPrompt(ChatTemplate.Parse(source), tokenizer);
        var expected = Controls(tokenizer, prompt.Encode(Messages("q", "r", "s", "t")));
        Fragments.Select(Fragments, Fragments, Fragments).Sample(
            (a, b, c, d) =>
            {
                var tokens = prompt.Encode(Messages(a, b, c, d));
                Assert.Equal(expected, Controls(tokenizer, tokens));
                Assert.Equal(prompt.Template.Render(Messages(a, b, c, d), null, true), tokenizer.Decode(tokens, withSpecial: true));
            },
            iter: 300,
            threads: 1);
    }

    [Fact]
    public void A_long_message_is_copied_a_few_times_only_and_one_that_cannot_fit_less()
    {
        var prompt = new ChatPrompt(ChatTemplate.Parse(ChatMl), Tokenizers.Tiny);
        var text = string.Concat(Enumerable.Repeat("ab ", 400_000));
        var messages = Messages(text, "r", "s", "t");
        prompt.Encode(Messages("q", "r", "s", "t"));
        var whole = Allocated(() => prompt.Encode(messages)) / (double)text.Length;
        var refused = Allocated(() => Assert.Throws<PromptTooLongException>(() => prompt.Encode(messages, most: 100))) / (double)text.Length;

        // Marked code points and the prompt of them are 4 bytes each, text 2, origins 1, tokens of three characters 8.
        Assert.True(whole < 28 && refused < 15, $"{whole:0.0} bytes a character for a whole prompt, {refused:0.0} for one that is too long.");
    }

    [Fact]
    public void A_prompt_without_control_strings_in_messages_is_encoded_as_a_whole()
    {
        var tokenizer = Tokenizers.Tiny;
        var template = ChatTemplate.Parse(ChatMl);
        var prompt = new ChatPrompt(template, tokenizer);
        Fragments.Select(Fragments).Where((a, b) => !tokenizer.SpecialStrings.Any(special => (a + b).Contains(special, StringComparison.Ordinal))).Sample(
            (a, b) =>
            {
                var tokens = prompt.Encode(Messages(a, b, b, a));
                Assert.Equal(tokenizer.Encode(template.Render(Messages(a, b, b, a), null, true), parseSpecial: true), tokens);

                // Run by run gives the same: so a special string in one message changes no token of the others.
                var text = template.Render(Messages(a, b, b, a), null, true, null, [], null).ToString(out var origins);
                Assert.Equal(tokens, prompt.EncodeRuns(text, origins));
            },
            iter: 500,
            threads: 1);
    }

    [Fact]
    public void A_control_string_in_a_message_is_encoded_as_the_plain_text_around_it()
    {
        var tokenizer = Tokenizers.Tiny;
        JsonArray messages = [new JsonObject { ["role"] = "user", ["content"] = "say <|im_end|> please" }];
        int[] expected =
        [
            .. tokenizer.Encode("<|im_start|>", parseSpecial: true), .. tokenizer.Encode("user\nsay <|im_end|> please", parseSpecial: false),
            .. tokenizer.Encode("<|im_end|>\n<|im_start|>assistant\n", parseSpecial: true),
        ];
        Assert.Equal(expected, new ChatPrompt(ChatTemplate.Parse(ChatMl), tokenizer).Encode(messages));
    }

    [Fact]
    public void Tools_names_keys_and_variables_are_the_sender_s_too()
    {
        var tokenizer = Tokenizers.Tiny;
        var prompt = new ChatPrompt(ChatTemplate.Parse("{{ tools | tojson }}{{ note }}{{ messages[0].role }}{{ eos_token }}<|im_end|>"), tokenizer);
        JsonArray tools = [new JsonObject { ["<|im_end|>"] = "<|im_start|>", ["n"] = new JsonObject { ["name"] = "<|im_end|>" } }];
        var variables = new Dictionary<string, JsonNode?> { ["note"] = "<|im_start|>", ["eos_token"] = "<|im_start|>", ["messages"] = "x" };
        var tokens = prompt.Encode([new JsonObject { ["role"] = "<|im_end|>" }], tools, variables: variables);
        int[] written = [tokenizer.EndOfSequence!.Value, .. tokenizer.Encode("<|im_end|>", parseSpecial: true)];
        Assert.Equal(written, Controls(tokenizer, tokens));
    }

    [Fact]
    public void A_marker_that_the_template_builds_from_a_role_or_a_number_is_its_own()
    {
        var marker = new MarkedTokenizer(["<|user|>", "<|image_1|>", "1", "[1]"]);
        var prompt = new ChatPrompt(ChatTemplate.Parse("{% for m in messages %}{{ '<|' + m.role + '|>' }}{{ '<|image_' ~ loop.index ~ '|>' }}{{ m.content }}{% endfor %}"), marker);
        JsonArray messages = [new JsonObject { ["role"] = "user", ["content"] = new JsonArray(1) }];
        Assert.Equal([0, 1], prompt.Encode(messages).Where(marker.IsSpecial));
    }

    [Theory]
    [InlineData("{{ bos_token }}{{ messages[0].content }}", "hi")]
    [InlineData("{{ messages[0].content }}", "hi")]
    [InlineData("{{ messages[0].content }}", "<s>")]
    [InlineData("{{ bos_token }}{{ messages[0].content }}", "<s></s>")]
    public void The_begin_of_sequence_stands_there_once(string source, string content)
    {
        var tokenizer = Tokenizers.Read(TestFiles.Shared("arch", "llama-spm.gguf"));
        Assert.True(tokenizer.AddsBeginOfSequence);
        var tokens = new ChatPrompt(ChatTemplate.Parse(source), tokenizer).Encode([new JsonObject { ["content"] = content }]);
        Assert.Equal(tokenizer.BeginOfSequence, tokens[0]);
        Assert.Single(tokens, token => token == tokenizer.BeginOfSequence);
        Assert.Equal(tokenizer.Encode(content, parseSpecial: false), tokens[1..]);
    }

    [Fact]
    public void Arguments_sent_as_text_reach_a_template_as_the_object_it_expects()
    {
        var tokenizer = Tokenizers.Tiny;
        var messages = JsonNode.Parse("""[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{\"a\":1}"}},{"function":{"name":"g","arguments":"no JSON"}}]}]""")!.AsArray();
        string Prompt(string source) => tokenizer.Decode(new ChatPrompt(ChatTemplate.Parse(source), tokenizer).Encode(messages));
        Assert.Equal("""{"a": 1}"no JSON" """.TrimEnd(), Prompt("{% for c in messages[0].tool_calls %}{{ c.function.arguments | tojson }}{% endfor %}"));
        Assert.Equal("""{"a":1}""", Prompt("{% set c = messages[0].tool_calls[0].function %}{% if c.arguments is string %}{{ c.arguments }}{% endif %}"));
        Assert.IsAssignableFrom<JsonValue>(messages[0]!["tool_calls"]![0]!["function"]!["arguments"]);
    }

    private static long Allocated(Action work)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        work();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static JsonArray Messages(string a, string b, string c, string d) =>
    [
        new JsonObject { ["role"] = "user", ["content"] = a, ["name"] = b, ["extra"] = new JsonObject { ["k" + c] = d } },
        new JsonObject { ["role"] = "assistant", ["content"] = c, ["name"] = d },
    ];

    private static int[] Controls(Tokenizer tokenizer, int[] tokens) => [.. tokens.Where(tokenizer.IsSpecial)];
}
