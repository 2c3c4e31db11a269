using Crescent.Client.Connections;
using Crescent.Client.Json;

namespace Crescent.Client.Evaluation;

/// <summary>The folder into which an evaluation writes: each outcome as soon as it is there, so that nothing is lost, and at the end the summary and the picture.</summary>
internal sealed class EvalFolder : IDisposable
{
    /// <summary>An outcome a line.</summary>
    public const string Outcomes = "outcomes.jsonl";

    /// <summary>What each setting came to.</summary>
    public const string Summary = "summary.json";

    /// <summary>Accuracy over joules.</summary>
    public const string Picture = "accuracy-over-joules.png";

    private readonly string _path;
    private readonly StreamWriter _outcomes;

    /// <summary>Makes the folder; files of an earlier run in it are written anew.</summary>
    /// <exception cref="FactoryException">It cannot be written.</exception>
    public EvalFolder(string path)
    {
        _path = path;
        try
        {
            Directory.CreateDirectory(path);
            _outcomes = new StreamWriter(Path.Combine(path, Outcomes)) { AutoFlush = true, NewLine = "\n" };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(e);
        }
    }

    /// <summary>Writes an outcome.</summary>
    public void Add(EvalOutcome outcome) => _outcomes.WriteLine(WireJson.Line.Text(outcome));

    /// <summary>Writes the summary and the picture.</summary>
    /// <exception cref="FactoryException">They cannot be written.</exception>
    public void Finish(EvalDocument document)
    {
        try
        {
            File.WriteAllText(Path.Combine(_path, Summary), WireJson.Pages.Text(document) + "\n");
            EvalPlot.Draw(document, Path.Combine(_path, Picture));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(e);
        }
    }

    public void Dispose() => _outcomes.Dispose();

    private static FactoryException Unwritable(Exception cause) => new(cause.Message, "Name a folder that can be written with --out.", cause);
}
