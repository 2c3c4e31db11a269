using System.Text;
using Crescent.Engine.Model.ToolCalls;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// Writes calls of tools as a network. Each schema is a document of its own, to which its references go; arguments are an object, whether it
/// says so or not. A tool that is not strict and has no room beside the others, or whose schema cannot be used or allows no object, takes any
/// object, and that is told. Where the time is over nothing is left out: how much there was room for would then hang on how busy a silo is.
/// </summary>
internal sealed class ToolCallCompiler
{
    private readonly ByteNetwork _network;
    private readonly JsonFragments _json;
    private readonly List<string> _unenforced;

    private readonly TokenVocabulary _vocabulary;

    private ToolCallCompiler(ByteNetwork network, TokenVocabulary vocabulary, List<string> unenforced)
    {
        (_network, _vocabulary, _unenforced) = (network, vocabulary, unenforced);
        _json = new JsonFragments(network);
        _json.Prepare();
    }

    /// <summary>Appends a call of one of the tools.</summary>
    /// <exception cref="GrammarException">What must be enforced cannot be, or is too large.</exception>
    public static int Append(ByteNetwork network, int from, ToolSource source, TokenVocabulary vocabulary, List<string> unenforced)
    {
        network.Meter.Widen(source.Tools.Count(static tool => tool.IsStrict));
        if (source.Syntax is CallSyntax.Json or CallSyntax.Named)
        {
            return new ToolCallCompiler(network, vocabulary, unenforced).Append(from, source);
        }

        var end = source.Syntax is CallSyntax.Xml or CallSyntax.KeysAndValues
            ? ElementCallCompiler.Append(network, from, source, vocabulary, unenforced)
            : LiteralCallCompiler.Append(network, from, source, vocabulary, unenforced);
        if (source.Else is { } answer)
        {
            network.Jump(new ToolCallCompiler(network, vocabulary, unenforced).Answer(from, answer), end);
        }

        return end;
    }

    private int Append(int from, ToolSource source)
    {
        var calls = new List<(ToolSource.Tool Tool, int Start, SchemaReport Report)>();
        var isNamed = source.Syntax == CallSyntax.Named;
        var at = _network.Literal(from, _vocabulary.Encode(source.Before));
        at = isNamed ? at : Name(_json.Space(_network.Literal(at, "{"u8)), "name");
        at = _network.AnyOf(at, source.Tools.Select(tool => new Func<int, int>(next =>
        {
            var start = _network.BeginRule(out var rule);
            calls.Add((tool, start, new SchemaReport(tool.Field, tool.IsStrict)));
            next = isNamed
                ? _network.Literal(_network.Literal(next, Encoding.UTF8.GetBytes(tool.Name)), _vocabulary.Encode(source.Between ?? ""))
                : Name(_json.Comma(Quoted(next, tool.Name)), source.Key);
            return _network.Call(next, rule);
        })));
        at = isNamed ? at : _network.Literal(_json.Space(at), "}"u8);
        at = _network.Literal(at, _vocabulary.Encode(source.After));
        if (source.Else is { } answer)
        {
            _network.Jump(Answer(from, answer), at);
        }

        // What must be enforced comes first; the others share what room is left.
        foreach (var (tool, start, report) in calls.OrderBy(static call => !call.Tool.IsStrict))
        {
            Arguments(tool, start, report);
        }

        CheckEnds(calls);
        foreach (var (_, _, report) in calls)
        {
            _unenforced.AddRange(report.Unenforced);
        }

        return at;
    }

    private int Answer(int from, ToolSource.Answer answer)
    {
        if (answer.Schema is null)
        {
            return _json.Object(from);
        }

        var report = new SchemaReport(answer.Field, answer.IsStrict);
        using var schema = JsonSchemaCompiler.Parse(answer.Schema);
        var to = JsonSchemaCompiler.Append(_network, _json, from, schema.RootElement, report);
        _unenforced.AddRange(report.Unenforced);
        return to;
    }

    private void Arguments(ToolSource.Tool tool, int start, SchemaReport report)
    {
        var mark = _network.Mark();
        try
        {
            using var schema = JsonSchemaCompiler.Parse(tool.Schema ?? "{}");
            _network.EndRule(JsonSchemaCompiler.AppendObject(_network, _json, start, schema.RootElement, report));
        }
        catch (GrammarException e) when (!tool.IsStrict && !e.IsTimeLimit)
        {
            _network.Rollback(mark, start);
            _json.Rollback(mark);
            _unenforced.Add(tool.Field);
            _network.EndRule(_json.AnyObject(start));
        }
        catch (GrammarException e) when (tool.IsStrict)
        {
            throw new GrammarException(tool.Field, e.Message) { IsLimit = e.IsLimit, IsTimeLimit = e.IsTimeLimit };
        }
    }

    /// <summary>Sees that the arguments of each tool can be written to an end.</summary>
    private void CheckEnds(List<(ToolSource.Tool Tool, int Start, SchemaReport Report)> calls)
    {
        var ends = NetworkEnds.Of(_network);
        foreach (var (tool, start, report) in calls.Where(call => !ends[call.Start]))
        {
            if (tool.IsStrict)
            {
                throw new GrammarException(tool.Field, report.Contradiction?.Message ?? "no finite text satisfies it");
            }

            _unenforced.Add(tool.Field);
            _network.EndRule(_json.AnyObject(start));
        }
    }

    private int Name(int from, string name) => _json.Colon(Quoted(from, name));

    private int Quoted(int from, string text) => _network.Literal(from, Encoding.UTF8.GetBytes(JsonFragments.Compact(text)));
}
