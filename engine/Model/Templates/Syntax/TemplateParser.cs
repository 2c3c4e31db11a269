using Crescent.Engine.Model.Templates.Expressions;
using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Engine.Model.Templates.Statements;

namespace Crescent.Engine.Model.Templates.Syntax;

/// <summary>Reads the statements of a template: those that chat templates use; the others are refused by name.</summary>
internal sealed class TemplateParser
{
    private readonly SyntaxStream _stream;
    private readonly ExpressionParser _expressions;

    // Loops around the current statement, within the current macro.
    private int _loops;

    private TemplateParser(List<Token> tokens)
    {
        _stream = new SyntaxStream(tokens);
        _expressions = new ExpressionParser(_stream);
    }

    /// <summary>The statements of a template.</summary>
    /// <exception cref="TemplateException">The source is no template, or uses a tag that is not supported.</exception>
    public static Block Parse(string source) => new TemplateParser(TemplateLexer.Tokenize(source)).ParseBody("template", 1);

    // Statements up to one of the ends, whose name is left as the current token; up to the end of the template where there is none.
    private Block ParseBody(string construct, int line, params ReadOnlySpan<string> ends)
    {
        _stream.Enter();
        var statements = new List<Statement>();
        while (true)
        {
            var token = _stream.Next();
            switch (token.Kind)
            {
                case TokenKind.Data:
                    statements.Add(new TextStatement(token.Line, token.Text));
                    break;
                case TokenKind.VariableBegin:
                    statements.Add(new OutputStatement(token.Line, _expressions.ParseTuple()));
                    _stream.ExpectEnd(TokenKind.VariableEnd);
                    break;
                case TokenKind.BlockBegin when _stream.Current.Kind == TokenKind.Name && ends.Contains(_stream.Current.Text):
                    _stream.Leave();
                    return new Block(line, statements);
                case TokenKind.BlockBegin:
                    statements.Add(ParseStatement());
                    _stream.ExpectEnd(TokenKind.BlockEnd);
                    break;
                default:
                    _stream.Leave();
                    return ends.Length == 0
                        ? new Block(line, statements)
                        : throw new TemplateException(construct, line, $"not closed with '{{% {ends[^1]} %}}'");
            }
        }
    }

    // The body of a tag: behind the end of the tag, up to its closing tag's name, which is taken.
    private Block ParseBodyOf(string construct, int line, params ReadOnlySpan<string> ends)
    {
        _stream.ExpectEnd(TokenKind.BlockEnd);
        return ParseBody(construct, line, ends);
    }

    private Statement ParseStatement()
    {
        var line = _stream.Line;
        var tag = _stream.ExpectName();
        switch (tag)
        {
            case "set":
                return ParseSet(line);
            case "if":
                return ParseIf(line);
            case "for":
                return ParseFor(line);
            case "macro":
                return new MacroStatement(line, ParseMacro(line, tag, _stream.ExpectName()));
            case "call":
                return ParseCall(line);
            case "filter":
                return ParseFilterBlock(line);
            case "with":
                return ParseWith(line);
            case "generation":
                // Marks what the assistant wrote, for training; it renders as its body.
                return new WithStatement(line, [], ParseScoped(tag, line, "endgeneration"));
            case "break" or "continue":
                return _loops > 0
                    ? new LoopControl(line, tag == "break" ? Flow.Break : Flow.Continue)
                    : throw new TemplateException($"tag '{tag}'", line, "outside of a loop");
            default:
                throw new TemplateException($"tag '{tag}'", line, tag.StartsWith("end", StringComparison.Ordinal) || tag is "else" or "elif"
                    ? "nothing is open that it belongs to"
                    : "not supported");
        }
    }

    private Statement ParseSet(int line)
    {
        var target = ParseTarget(attributes: true);
        if (_stream.SkipOperator("="))
        {
            return new SetStatement(line, target, _expressions.ParseTuple());
        }

        var filters = new List<(string, ArgumentList)>();
        while (_stream.SkipOperator("|"))
        {
            filters.Add(_expressions.ParseFilter());
        }

        return new CaptureStatement(line, target, filters, ParseScoped("set", line, "endset"));
    }

    private IfStatement ParseIf(int line)
    {
        var branches = new List<(Expression, Block)>();
        Block? otherwise = null;
        do
        {
            var condition = _expressions.ParseTuple(conditional: false);
            branches.Add((condition, ParseBodyOf("if", line, "elif", "else", "endif")));
        }
        while (_stream.SkipName("elif"));

        if (_stream.SkipName("else"))
        {
            otherwise = ParseBodyOf("if", line, "endif");
        }

        CloseTag("endif");
        return new IfStatement(line, branches, otherwise);
    }

    private ForStatement ParseFor(int line)
    {
        var target = ParseTarget(attributes: false);
        if (!_stream.SkipName("in"))
        {
            throw _stream.Fail($"'in' expected, not {_stream.Current}");
        }

        var source = _expressions.ParseTuple(conditional: false);
        var filter = _stream.SkipName("if") ? _expressions.Parse() : null;
        var recursive = _stream.SkipName("recursive");
        _loops++;
        var body = ParseBodyOf("for", line, "else", "endfor");
        _loops--;
        var otherwise = _stream.SkipName("else") ? ParseBodyOf("for", line, "endfor") : null;
        CloseTag("endfor");
        return new ForStatement(line, target, source, filter, body, otherwise, recursive);
    }

    private MacroDefinition ParseMacro(int line, string tag, string name) =>
        new(name, ParseParameters(), ParseScoped(tag, line, "end" + tag));

    private List<(string, Expression?)> ParseParameters()
    {
        var parameters = new List<(string, Expression?)>();
        _stream.ExpectOperator("(");
        while (!_stream.IsOperator(")"))
        {
            var name = _stream.ExpectName();
            var standard = _stream.SkipOperator("=") ? _expressions.Parse() : null;
            if (standard is null && parameters.Count > 0 && parameters[^1].Item2 is not null)
            {
                throw _stream.Fail($"parameter '{name}' without a default after one with a default");
            }

            parameters.Add((name, standard));
            if (!_stream.SkipOperator(","))
            {
                break;
            }
        }

        _stream.ExpectOperator(")");
        return parameters;
    }

    private CallStatement ParseCall(int line)
    {
        var parameters = _stream.IsOperator("(") ? ParseParameters() : [];
        var call = _expressions.Parse() as CallExpression ?? throw new TemplateException("tag 'call'", line, "a call expected");
        return new CallStatement(line, call, new MacroDefinition("caller", parameters, ParseScoped("call", line, "endcall")));
    }

    private CaptureStatement ParseFilterBlock(int line)
    {
        var filters = new List<(string, ArgumentList)>();
        do
        {
            filters.Add(_expressions.ParseFilter());
        }
        while (_stream.SkipOperator("|"));

        return new CaptureStatement(line, null, filters, ParseScoped("filter", line, "endfilter"));
    }

    private WithStatement ParseWith(int line)
    {
        var assignments = new List<(AssignmentTarget, Expression)>();
        while (_stream.Current.Kind != TokenKind.BlockEnd)
        {
            var target = ParseTarget(attributes: false);
            _stream.ExpectOperator("=");
            assignments.Add((target, _expressions.Parse()));
            if (!_stream.SkipOperator(","))
            {
                break;
            }
        }

        _stream.ExpectEnd(TokenKind.BlockEnd);
        var body = ParseBody("with", line, "endwith");
        CloseTag("endwith");
        return new WithStatement(line, assignments, body);
    }

    // A body that loops around it cannot be left from.
    private Block ParseScoped(string tag, int line, string end)
    {
        var loops = _loops;
        _loops = tag is "macro" or "call" or "set" or "filter" ? 0 : loops;
        var body = ParseBodyOf(tag, line, end);
        _loops = loops;
        CloseTag(end);
        return body;
    }

    private void CloseTag(string name)
    {
        if (!_stream.SkipName(name))
        {
            throw _stream.Fail($"'{name}' expected, not {_stream.Current}");
        }
    }

    private AssignmentTarget ParseTarget(bool attributes)
    {
        var targets = new List<AssignmentTarget> { ParseSingleTarget(attributes) };
        var isTuple = false;
        while (_stream.SkipOperator(","))
        {
            isTuple = true;
            if (_stream.Current.Kind != TokenKind.Name && !_stream.IsOperator("("))
            {
                break;
            }

            targets.Add(ParseSingleTarget(attributes));
        }

        return isTuple ? new AssignmentTarget("", null, targets) : targets[0];
    }

    private AssignmentTarget ParseSingleTarget(bool attributes)
    {
        if (_stream.SkipOperator("("))
        {
            _stream.Enter();
            var inner = ParseTarget(attributes);
            _stream.ExpectOperator(")");
            _stream.Leave();
            return inner;
        }

        var name = _stream.ExpectName();
        if (name is "true" or "false" or "none" or "True" or "False" or "None")
        {
            throw _stream.Fail($"'{name}' cannot be assigned to");
        }

        return new AssignmentTarget(name, attributes && _stream.SkipOperator(".") ? _stream.ExpectName() : null);
    }
}
