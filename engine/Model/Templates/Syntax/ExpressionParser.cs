using Crescent.Engine.Model.Templates.Expressions;
using Crescent.Engine.Model.Templates.Values;

namespace Crescent.Engine.Model.Templates.Syntax;

/// <summary>
/// Jinja's expressions, from the loosest to the tightest: if-else, or, and, not, comparison, + -, ~, * / // %, **, sign, and last
/// attributes, items, calls, filters and tests.
/// </summary>
internal sealed partial class ExpressionParser(SyntaxStream stream)
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
}
