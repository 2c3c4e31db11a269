using System.Runtime.CompilerServices;
using Crescent.Engine.Model.Templates.Runtime;

namespace Crescent.Engine.Model.Templates.Syntax;

/// <summary>The tokens of a template, and how deeply the parser is inside constructs.</summary>
internal sealed class SyntaxStream(List<Token> tokens)
{
    private int _index;
    private int _depth;

    public Token Current => tokens[_index];

    public int Line => Current.Line;

    /// <summary>The current token; moves on, but never beyond the end.</summary>
    public Token Next()
    {
        var token = Current;
        if (token.Kind != TokenKind.End)
        {
            _index++;
        }

        return token;
    }

    public bool IsName(string name) => Current.Kind == TokenKind.Name && Current.Text == name;

    public bool IsOperator(string symbol) => Current.Kind == TokenKind.Operator && Current.Text == symbol;

    /// <summary>Whether the token after the current one is this.</summary>
    public bool IsNext(TokenKind kind, string text) =>
        _index + 1 < tokens.Count && tokens[_index + 1].Kind == kind && tokens[_index + 1].Text == text;

    public bool SkipName(string name) => Skip(IsName(name));

    public bool SkipOperator(string symbol) => Skip(IsOperator(symbol));

    public void ExpectOperator(string symbol)
    {
        if (!SkipOperator(symbol))
        {
            throw Fail($"'{symbol}' expected, not {Current}");
        }
    }

    public string ExpectName() => Current.Kind == TokenKind.Name ? Next().Text : throw Fail($"a name expected, not {Current}");

    public void ExpectEnd(TokenKind kind)
    {
        if (!Skip(Current.Kind == kind))
        {
            throw Fail($"{new Token(kind, "", 0)} expected, not {Current}");
        }
    }

    /// <summary>Goes into a construct; paired with <see cref="Leave"/> unless parsing ends.</summary>
    public void Enter()
    {
        if (++_depth > TemplateLimits.SyntaxDepth || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw Fail($"more than {TemplateLimits.SyntaxDepth} constructs inside each other");
        }
    }

    public void Leave() => _depth--;

    public TemplateException Fail(string fault) => new("syntax", Line, fault);

    private bool Skip(bool holds)
    {
        if (holds)
        {
            Next();
        }

        return holds;
    }
}
