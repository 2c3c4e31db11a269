using System.Globalization;
using System.Text;
using Crescent.Engine.Model.Templates.Expressions;
using Crescent.Engine.Model.Templates.Runtime;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Syntax;

// Operands: literals and names, and what is written behind them.
internal sealed partial class ExpressionParser
{
    /// <summary>The arguments of a call, with their parentheses.</summary>
    public ArgumentList ParseArguments()
    {
        stream.ExpectOperator("(");
        var positional = new List<Expression>();
        var named = new List<(string, Expression)>();
        while (!stream.IsOperator(")"))
        {
            if (stream.IsOperator("*") || stream.IsOperator("**"))
            {
                throw stream.Fail("arguments from a list or mapping (* and **) are not supported");
            }

            if (stream.Current.Kind == TokenKind.Name && stream.IsNext(TokenKind.Operator, "="))
            {
                var name = stream.ExpectName();
                stream.ExpectOperator("=");
                named.Add((name, Parse()));
            }
            else if (named.Count > 0)
            {
                throw stream.Fail("an argument without a name after one with a name");
            }
            else
            {
                positional.Add(Parse());
            }

            if (!stream.SkipOperator(","))
            {
                break;
            }
        }

        stream.ExpectOperator(")");
        return new ArgumentList(positional, named);
    }

    /// <summary>The name of a filter or test, points included, and its arguments.</summary>
    public (string Name, ArgumentList Arguments) ParseFilter()
    {
        var name = ParseDottedName();
        return (name, stream.IsOperator("(") ? ParseArguments() : ArgumentList.Empty);
    }

    private Expression ParsePrimary()
    {
        var token = stream.Next();
        switch (token.Kind)
        {
            case TokenKind.Name:
                return token.Text switch
                {
                    "true" or "True" => new Literal(token.Line, true),
                    "false" or "False" => new Literal(token.Line, false),
                    "none" or "None" => new Literal(token.Line, null),
                    _ => new NameReference(token.Line, token.Text),
                };
            case TokenKind.String:
                var text = new StringBuilder(token.Text);
                while (stream.Current.Kind == TokenKind.String)
                {
                    text.Append(stream.Next().Text);
                }

                return new Literal(token.Line, TemplateText.Of(text.ToString()));
            case TokenKind.Integer:
                return new Literal(token.Line, long.TryParse(token.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var integer)
                    ? integer
                    : throw new TemplateException($"number {token}", token.Line, "not a 64-bit integer"));
            case TokenKind.Float:
                return new Literal(token.Line, double.Parse(token.Text, CultureInfo.InvariantCulture));
            case TokenKind.Operator when token.Text == "(":
                var value = ParseTuple(inParentheses: true);
                stream.ExpectOperator(")");
                return value;
            case TokenKind.Operator when token.Text == "[":
                return ParseList(token.Line);
            case TokenKind.Operator when token.Text == "{":
                return ParseMapping(token.Line);
            default:
                throw new TemplateException("syntax", token.Line, $"an expression expected, not {token}");
        }
    }

    private SequenceLiteral ParseList(int line)
    {
        var items = new List<Expression>();
        while (!stream.IsOperator("]"))
        {
            items.Add(Parse());
            if (!stream.SkipOperator(","))
            {
                break;
            }
        }

        stream.ExpectOperator("]");
        return new SequenceLiteral(line, items, SequenceKind.List);
    }

    private MappingLiteral ParseMapping(int line)
    {
        var entries = new List<(Expression, Expression)>();
        while (!stream.IsOperator("}"))
        {
            var key = Parse();
            stream.ExpectOperator(":");
            entries.Add((key, Parse()));
            if (!stream.SkipOperator(","))
            {
                break;
            }
        }

        stream.ExpectOperator("}");
        return new MappingLiteral(line, entries);
    }

    private Expression ParsePostfix(Expression value)
    {
        while (true)
        {
            var line = stream.Line;
            if (stream.SkipOperator("."))
            {
                value = stream.Current.Kind == TokenKind.Integer
                    ? new ItemExpression(line, value, ParsePrimary())
                    : new AttributeExpression(line, value, stream.ExpectName());
            }
            else if (stream.SkipOperator("["))
            {
                value = ParseSubscript(line, value);
            }
            else if (stream.IsOperator("("))
            {
                value = new CallExpression(line, value, ParseArguments());
            }
            else
            {
                return value;
            }
        }
    }

    private Expression ParseSubscript(int line, Expression target)
    {
        var start = stream.IsOperator(":") ? null : Parse();
        if (!stream.SkipOperator(":"))
        {
            stream.ExpectOperator("]");
            return new ItemExpression(line, target, start!);
        }

        var stop = stream.IsOperator(":") || stream.IsOperator("]") ? null : Parse();
        var step = stream.SkipOperator(":") && !stream.IsOperator("]") ? Parse() : null;
        stream.ExpectOperator("]");
        return new SliceExpression(line, target, start, stop, step);
    }

    private Expression ParseFilters(Expression value)
    {
        while (true)
        {
            var line = stream.Line;
            if (stream.SkipOperator("|"))
            {
                var (name, arguments) = ParseFilter();
                value = new FilterExpression(line, value, name, arguments);
            }
            else if (stream.SkipName("is"))
            {
                value = ParseTest(line, value);
            }
            else if (stream.IsOperator("("))
            {
                value = new CallExpression(line, value, ParseArguments());
            }
            else
            {
                return value;
            }
        }
    }

    private Expression ParseTest(int line, Expression value)
    {
        var negated = stream.SkipName("not");
        var name = ParseDottedName();
        ArgumentList arguments;
        if (stream.IsOperator("("))
        {
            arguments = ParseArguments();
        }
        else if (BeginsArgument())
        {
            arguments = new ArgumentList([ParsePostfix(ParsePrimary())], []);
        }
        else
        {
            arguments = ArgumentList.Empty;
        }

        Expression test = new TestExpression(line, value, name, arguments);
        return negated ? new NotExpression(line, test) : test;
    }

    // A test takes the simple value that follows as its argument: x is divisibleby 3.
    private bool BeginsArgument() => stream.Current.Kind switch
    {
        TokenKind.String or TokenKind.Integer or TokenKind.Float => true,
        TokenKind.Name => stream.Current.Text is not ("else" or "or" or "and" or "is"),
        TokenKind.Operator => stream.Current.Text is "[" or "{",
        _ => false,
    };

    private string ParseDottedName()
    {
        var name = stream.ExpectName();
        while (stream.SkipOperator("."))
        {
            name += "." + stream.ExpectName();
        }

        return name;
    }
}
