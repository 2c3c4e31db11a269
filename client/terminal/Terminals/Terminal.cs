using System.Text;
using Crescent.Client.Connections;
using Spectre.Console;

namespace Crescent.Client.Terminals;

/// <summary>What a command reads from and writes to: the process's console, or a test's buffers.</summary>
internal sealed class Terminal
{
    /// <summary>Width of a table that goes to a file or a pipe, in columns.</summary>
    public const int RedirectedWidth = 400;

    public Terminal(TextReader input, IAnsiConsole output, IAnsiConsole error, Interrupts interrupts)
    {
        Input = input;
        Output = output;
        Error = error;
        Interrupts = interrupts;
    }

    public TextReader Input { get; }

    /// <summary>True when a human types the input.</summary>
    public bool InputIsTerminal { get; init; }

    /// <summary>The next key that a human has pressed, without waiting; null while there is none. Keys of an input that is no terminal are none.</summary>
    public Func<ConsoleKeyInfo?> Key { get; init; } = static () => null;

    /// <summary>Standard output.</summary>
    public IAnsiConsole Output { get; }

    /// <summary>Standard error.</summary>
    public IAnsiConsole Error { get; }

    /// <summary>True when a human sees the output.</summary>
    public bool OutputIsTerminal => Output.Profile.Out.IsTerminal;

    /// <summary>Where summaries go: to the human who reads the output, or beside output that a program reads.</summary>
    public IAnsiConsole Notes => OutputIsTerminal ? Output : Error;

    public Interrupts Interrupts { get; }

    /// <summary>The process's console.</summary>
    public static Terminal FromConsole(Interrupts interrupts)
    {
        Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        return new Terminal(Console.In, Ansi(Console.Out, Console.IsOutputRedirected), Ansi(Console.Error, Console.IsErrorRedirected), interrupts)
        {
            InputIsTerminal = !Console.IsInputRedirected,
            Key = static () => !Console.IsInputRedirected && Console.KeyAvailable ? Console.ReadKey(intercept: true) : null,
        };
    }

    /// <summary>
    /// Writes a piece of an answer. A human's terminal gets no control characters but line breaks and tabs, so that a model
    /// cannot drive it; a file or a pipe gets the text as it is.
    /// </summary>
    public void WriteAnswer(string text)
    {
        var writer = Output.Profile.Out.Writer;
        writer.Write(OutputIsTerminal ? Printable(text) : text);
        writer.Flush();
    }

    /// <summary>Writes a line of text that is data, such as JSON, with no markup and no wrapping.</summary>
    public void WriteData(string line)
    {
        var writer = Output.Profile.Out.Writer;
        writer.Write(line);
        writer.Write('\n');
        writer.Flush();
    }

    /// <summary>Writes a remark beside the output, dimmed.</summary>
    public static void WriteNote(IAnsiConsole console, string text) => console.WriteLine(Printable(text), new Style(decoration: Decoration.Dim));

    /// <summary>Writes a failure as one line to standard error.</summary>
    public void WriteFailure(FactoryException failure)
    {
        var writer = Error.Profile.Out.Writer;
        writer.WriteLine(Printable($"error: {failure.Message.TrimEnd('.').ReplaceLineEndings(" ")}. {failure.Remedy.ReplaceLineEndings(" ")}"));
        writer.Flush();
    }

    /// <summary>Reads a line without blocking a thread of the pool; null at the end of the input.</summary>
    public Task<string?> ReadLine(CancellationToken cancellationToken) =>
        Task.Factory.StartNew(Input.ReadLine, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)
            .WaitAsync(cancellationToken);

    /// <summary>Reads all input without blocking a thread of the pool.</summary>
    public Task<string> ReadToEnd(CancellationToken cancellationToken) =>
        Task.Factory.StartNew(Input.ReadToEnd, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)
            .WaitAsync(cancellationToken);

    /// <summary>Text without the control characters that would drive a terminal; line breaks and tabs stay.</summary>
    public static string Printable(string text) =>
        text.Any(c => char.IsControl(c) && c is not ('\n' or '\t'))
            ? string.Concat(text.Where(c => !char.IsControl(c) || c is '\n' or '\t'))
            : text;

    private static IAnsiConsole Ansi(TextWriter writer, bool redirected)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) });
        if (redirected)
        {
            console.Profile.Width = RedirectedWidth;
        }

        return console;
    }
}
