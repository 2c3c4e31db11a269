using System.Globalization;
using System.Text.Json;

namespace Crescent.Grains.Agents;

/// <summary>A calculator for agents: numbers, <c>+ - * / % ^</c>, brackets, and a sign before a number. Works in decimals of 28 digits; powers in doubles.</summary>
public sealed class Calculator : IAgentTool
{
    private const int MaxLength = 1000;
    private const int MaxDepth = 64;

    public string Name => "calculator";

    public string Description => "Computes an arithmetic expression.";

    public string Parameters => """{"type":"object","properties":{"expression":{"type":"string"}},"required":["expression"],"additionalProperties":false}""";

    public bool IsIdempotent => true;

    public Task<string> Call(string arguments, string key, CancellationToken cancellationToken)
    {
        try
        {
            using var json = JsonDocument.Parse(arguments);
            var expression = json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("expression", out var value) && value.ValueKind == JsonValueKind.String
                ? value.GetString()!
                : throw new AgentToolException("'expression' is missing.");
            return Task.FromResult(Compute(expression));
        }
        catch (JsonException e)
        {
            throw new AgentToolException($"The arguments are no JSON: {e.Message}", e);
        }
    }

    /// <summary>The value of an expression.</summary>
    /// <exception cref="AgentToolException">It is none, or it has no value.</exception>
    public static string Compute(string expression)
    {
        if (expression.Length > MaxLength)
        {
            throw new AgentToolException($"The expression has {expression.Length} characters; up to {MaxLength} are computed.");
        }

        var reader = new Reader(expression);
        try
        {
            return reader.All().ToString("0.############################", CultureInfo.InvariantCulture);
        }
        catch (DivideByZeroException e)
        {
            throw new AgentToolException("It divides by zero.", e);
        }
        catch (OverflowException e)
        {
            throw new AgentToolException("Its value is too large.", e);
        }
    }

    private sealed class Reader(string text)
    {
        private int _at;
        private int _depth;

        public decimal All()
        {
            var value = Sum();
            return Peek() == '\0' ? value : throw Wrong();
        }

        private decimal Sum()
        {
            var value = Product();
            while (Peek() is '+' or '-' or '−')
            {
                value = Take() == '+' ? value + Product() : value - Product();
            }

            return value;
        }

        private decimal Product()
        {
            var value = Signed();
            while (Peek() is '*' or '/' or '%' or '×' or '÷')
            {
                value = Take() switch
                {
                    '*' or '×' => value * Signed(),
                    '%' => value % Signed(),
                    _ => value / Signed(),
                };
            }

            return value;
        }

        private decimal Signed()
        {
            var negative = false;
            while (Peek() is '+' or '-' or '−')
            {
                negative ^= Take() != '+';
            }

            var value = Power();
            return negative ? -value : value;
        }

        private decimal Power()
        {
            var value = Atom();
            if (Peek() != '^')
            {
                return value;
            }

            Take();
            return (decimal)Math.Pow((double)value, (double)Signed());
        }

        private decimal Atom()
        {
            if (Peek() == '(')
            {
                if (++_depth > MaxDepth)
                {
                    throw new AgentToolException($"Its brackets are more than {MaxDepth} deep.");
                }

                Take();
                var value = Sum();
                _depth--;
                return Peek() == ')' && Take() == ')' ? value : throw Wrong();
            }

            var from = _at;
            while (_at < text.Length && (char.IsAsciiDigit(text[_at]) || text[_at] is '.' or ','))
            {
                _at++;
            }

            return decimal.TryParse(text.AsSpan(from, _at - from), NumberStyles.AllowDecimalPoint | NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out var number)
                ? number
                : throw Wrong();
        }

        private char Peek()
        {
            while (_at < text.Length && char.IsWhiteSpace(text[_at]))
            {
                _at++;
            }

            return _at < text.Length ? text[_at] : '\0';
        }

        private char Take() => text[_at++];

        private AgentToolException Wrong() => new($"'{text}' cannot be computed: it is not understood from character {_at + 1} on.");
    }
}
