using System.Globalization;
using System.Text;
using Crescent.Engine.Model.Templates.Expressions;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Syntax;

/// <summary>
/// Jinja's expressions, from the loosest to the tightest: if-else, or, and, not, comparison, + -, ~, * / // %, **, sign, and last
/// attributes, items, calls, filters and tests.
/// </summary>
internal sealed class ExpressionParser(TokenStream stream)
{
    private static readonly string[] Comparisons = ["==", "!=", "<", "<=", ">", ">="];
    private static readonly string[] Sums = ["+", "-"];
    private static readonly string[] Products = ["*", "/", "//", "%"];
    private static readonly string[] Powers = ["**"];

    /// <summary>An expression, with an inline if where <paramref name="conditional"/> allows one.</summary>
    public Expression Parse(bool conditional = true)
    {
        stream.Enter();
        var value = ParseOr();
        while (conditional && stream.Line is var line && stream.SkipName("if"))
        {
            var condition = ParseOr();
            value = new ConditionalExpression(line, condition, value, stream.SkipName("else") ? Parse() : null);
        }

        stream.Leave();
        return value;
    }

    /// <summary>An expression, or several with commas between them as a tuple.</summary>
    public Expression ParseTuple(bool conditional = true, bool inParentheses = false)
    {
        var line = stream.Line;
        var items = new List<Expression>();
        var isTuple = false;
        while (!IsTupleEnd())
        {
            items.Add(Parse(conditional));
            if (!stream.SkipOperator(","))
            {
                break;
            }

            isTuple = true;
        }

        return isTuple || (items.Count == 0 && inParentheses) ? new SequenceLiteral(line, items, SequenceKind.Tuple)
            : items.Count == 1 ? items[0]
            : throw stream.Fail($"an expression expected, not {stream.Current}");
    }

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

    private bool IsTupleEnd() => stream.Current.Kind is TokenKind.VariableEnd or TokenKind.BlockEnd or TokenKind.End
        || stream.IsOperator(")") || stream.IsName("recursive");

    private Expression ParseOr()
    {
        var left = ParseAnd();
        while (stream.Line is var line && stream.SkipName("or"))
        {
            left = new LogicalExpression(line, left, ParseAnd(), isAnd: false);
        }

        return left;
    }

    private Expression ParseAnd()
    {
        var left = ParseNot();
        while (stream.Line is var line && stream.SkipName("and"))
        {
            left = new LogicalExpression(line, left, ParseNot(), isAnd: true);
        }

        return left;
    }

    private Expression ParseNot()
    {
        var line = stream.Line;
        if (!stream.SkipName("not"))
        {
            return ParseComparison();
        }

        stream.Enter();
        var operand = ParseNot();
        stream.Leave();
        return new NotExpression(line, operand);
    }

    private Expression ParseComparison()
    {
        var line = stream.Line;
        var first = ParseSum();
        var rest = new List<(string, Expression)>();
        while (true)
        {
            if (stream.Current.Kind == TokenKind.Operator && Comparisons.Contains(stream.Current.Text))
            {
                rest.Add((stream.Next().Text, ParseSum()));
            }
            else if (stream.SkipName("in"))
            {
                rest.Add(("in", ParseSum()));
            }
            else if (stream.IsName("not") && stream.IsNext(TokenKind.Name, "in"))
            {
                stream.Next();
                stream.Next();
                rest.Add(("not in", ParseSum()));
            }
            else
            {
                return rest.Count == 0 ? first : new ComparisonExpression(line, first, rest);
            }
        }
    }

    private Expression ParseSum() => ParseBinary(Sums, ParseConcatenation);

    private Expression ParseConcatenation()
    {
        var line = stream.Line;
        var first = ParseProduct();
        if (!stream.IsOperator("~"))
        {
            return first;
        }

        var operands = new List<Expression> { first };
        while (stream.SkipOperator("~"))
        {
            operands.Add(ParseProduct());
        }

        return new ConcatenationExpression(line, operands);
    }

    private Expression ParseProduct() => ParseBinary(Products, ParsePower);

    private Expression ParsePower() => ParseBinary(Powers, () => ParseUnary(filtered: true));

    private Expression ParseBinary(string[] symbols, Func<Expression> parseOperand)
    {
        var left = parseOperand();
        while (stream.Current.Kind == TokenKind.Operator && symbols.Contains(stream.Current.Text))
        {
            var symbol = stream.Next();
            left = new BinaryExpression(symbol.Line, symbol.Text, left, parseOperand());
        }

        return left;
    }

    private Expression ParseUnary(bool filtered)
    {
        var line = stream.Line;
        var negative = stream.IsOperator("-");
        Expression value;
        if (negative || stream.IsOperator("+"))
        {
            stream.Next();
            stream.Enter();
            value = new SignExpression(line, ParseUnary(filtered: false), negative);
            stream.Leave();
        }
        else
        {
            value = ParsePrimary();
        }

        value = ParsePostfix(value);
        return filtered ? ParseFilters(value) : value;
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
