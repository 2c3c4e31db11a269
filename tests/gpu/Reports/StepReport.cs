namespace Crescent.GpuCheck.Reports;

/// <summary>What a step found. It is printed as it comes, and kept on disk after each line, so that a step that is ended loses nothing.</summary>
internal sealed class StepReport
{
    private readonly string? _path;
    private readonly TextWriter _output;

    public StepReport()
        : this(null, TextWriter.Null)
    {
    }

    /// <summary>A report that is written to <paramref name="path"/>.</summary>
    public StepReport(string? path, TextWriter output)
    {
        _path = path;
        _output = output;
    }

    public string Name { get; set; } = "";

    /// <summary>running, passed, failed; skipped, ended.</summary>
    public string Outcome { get; set; } = "running";

    public double Seconds { get; set; }

    /// <summary>In order; a table's rows begin with a bar.</summary>
    public List<string> Lines { get; set; } = [];

    /// <summary>Numbers by name; units are in the names.</summary>
    public SortedDictionary<string, double> Figures { get; set; } = new(StringComparer.Ordinal);

    /// <summary>What was wrong.</summary>
    public List<string> Faults { get; set; } = [];

    public void Line(string text)
    {
        Lines.Add(text);
        _output.WriteLine($"    {text}");
        _output.Flush();
        Save();
    }

    public void Figure(string name, double value)
    {
        Figures[name] = double.IsFinite(value) ? value : -1;
        Save();
    }

    public void Fault(string text)
    {
        Faults.Add(text);
        Line($"FAILED: {text}");
    }

    public void Save()
    {
        if (_path is not null)
            SummaryFiles.WriteStep(_path, this);
    }
}
