using System.CommandLine;
using System.Diagnostics;
using Crescent.Engine.Model;
using Crescent.Engine.Sampling.Grammars;

namespace Crescent.Bench;

/// <summary>
/// <c>mask</c>: what structured output costs a token: finding the tokens allowed and taking one. A walk chooses at random among the
/// allowed tokens, as a model would that knows nothing; the second time the same walk finds everything cached.
/// </summary>
internal static class MaskCommand
{
    private const int Walks = 40;
    private const int MaxTokens = 120;

    private static readonly (string Name, GrammarSource Source)[] Sources =
    [
        ("person", GrammarSource.JsonSchema("""{"type":"object","properties":{"name":{"type":"string","maxLength":40},"age":{"type":"integer","minimum":0,"maximum":130},"tags":{"type":"array","items":{"enum":["red","green","blue"]}}},"required":["name","age","tags"],"additionalProperties":false}""")),
        ("tree", GrammarSource.JsonSchema("""{"$defs":{"n":{"type":"object","properties":{"v":{"type":"string"},"kids":{"type":"array","items":{"$ref":"#/$defs/n"}}},"required":["v","kids"],"additionalProperties":false}},"$ref":"#/$defs/n"}""")),
        ("any JSON object", GrammarSource.JsonObject()),
        ("regex", GrammarSource.Regex("[A-Z][a-z]+( [A-Z][a-z]+)*, [0-9]{4}-[0-9]{2}-[0-9]{2}")),
    ];

    public static Command Create()
    {
        var model = new Option<FileInfo>("--model") { Description = "GGUF file whose vocabulary is used.", Required = true };
        model.AcceptExistingOnly();
        var command = new Command("mask", "Cost of structured output a token.") { model };
        command.SetAction(parse =>
        {
            using var language = LanguageModel.Open(parse.GetRequiredValue(model).FullName);
            var started = Stopwatch.GetTimestamp();
            var vocabulary = new TokenVocabulary(language.Tokenizer);
            Console.WriteLine($"{vocabulary.Size:N0} tokens, arranged once a model in {Stopwatch.GetElapsedTime(started).TotalMilliseconds:F1} ms; us a token: median, p99, worst");

            // Once without looking, so that no code is compiled while it is measured.
            Measure(Sources[0].Source, vocabulary);
            foreach (var (name, source) in Sources)
            {
                Console.WriteLine($"  {name,-16} {Measure(source, vocabulary)}");
            }
        });
        return command;
    }

    private static string Measure(GrammarSource source, TokenVocabulary vocabulary)
    {
        var started = Stopwatch.GetTimestamp();
        var grammar = Grammar.Compile(source, vocabulary);
        var compiled = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        var mask = new ulong[vocabulary.MaskWords];
        started = Stopwatch.GetTimestamp();
        grammar.Start().FillMask(mask);
        var first = Stopwatch.GetElapsedTime(started).TotalMicroseconds;
        var (fresh, _) = Walk(grammar, mask);
        var (cached, bytes) = Walk(grammar, mask);
        return $"compiled in {compiled,5:F1} ms; first mask {first,7:F1}; new {Show(fresh)}; cached {Show(cached)}, {bytes:F0} B a token";
    }

    private static (List<double> Times, double BytesPerToken) Walk(Grammar grammar, ulong[] mask)
    {
        var times = new List<double>(Walks * MaxTokens);
        var allocated = 0L;
        for (var walk = 0; walk < Walks; walk++)
        {
            var random = new Random(walk);
            var state = grammar.Start();
            for (var token = 0; token < MaxTokens && !state.IsEnded; token++)
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                var started = Stopwatch.GetTimestamp();
                var count = state.FillMask(mask);
                var filled = Stopwatch.GetElapsedTime(started);
                var chosen = Nth(mask, random.Next(count));
                started = Stopwatch.GetTimestamp();
                state.Advance(chosen);
                var elapsed = (filled + Stopwatch.GetElapsedTime(started)).TotalMicroseconds;
                allocated += GC.GetAllocatedBytesForCurrentThread() - before;
                times.Add(elapsed);
            }
        }

        times.Sort();
        return (times, (double)allocated / times.Count);
    }

    private static int Nth(ReadOnlySpan<ulong> mask, int n)
    {
        for (var token = 0; ; token++)
        {
            if ((mask[token >> 6] >> token & 1) != 0 && n-- == 0)
            {
                return token;
            }
        }
    }

    private static string Show(List<double> sorted) => $"{sorted[sorted.Count / 2],6:F1} {sorted[sorted.Count * 99 / 100],8:F1} {sorted[^1],8:F1}";
}
