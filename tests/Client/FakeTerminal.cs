using System.Text;
using Crescent.Client.Terminals;
using Spectre.Console;

namespace Crescent.Tests.Client;

/// <summary>A terminal of buffers, with or without a human at it.</summary>
internal sealed class FakeTerminal
{
    private readonly StringWriter _output = new() { NewLine = "\n" };
    private readonly StringWriter _error = new() { NewLine = "\n" };

    public FakeTerminal(string input = "", bool human = false, int width = Terminal.RedirectedWidth)
        : this(new StringReader(input), human, width)
    {
    }

    public FakeTerminal(TextReader input, bool human, int width = Terminal.RedirectedWidth)
    {
        Terminal = new Terminal(input, Console(_output, human, width), Console(_error, human, width), Interrupts) { InputIsTerminal = human };
    }

    public Interrupts Interrupts { get; } = new();

    public Terminal Terminal { get; }

    public string Output => _output.ToString();

    public string Error => _error.ToString();

    private static IAnsiConsole Console(StringWriter writer, bool human, int width) => AnsiConsole.Create(new AnsiConsoleSettings
    {
        Ansi = AnsiSupport.No,
        ColorSystem = ColorSystemSupport.NoColors,
        Out = new Screen(writer, human, width),
    });

    private sealed class Screen(TextWriter writer, bool terminal, int width) : IAnsiConsoleOutput
    {
        public TextWriter Writer => TextWriter.Synchronized(writer);

        public bool IsTerminal => terminal;

        public int Width => width;

        public int Height => 40;

        public void SetEncoding(Encoding encoding)
        {
        }
    }
}
