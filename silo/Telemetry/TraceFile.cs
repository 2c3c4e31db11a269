using System.Diagnostics;
using Crescent.Silo.Configuration;
using OpenTelemetry;

namespace Crescent.Silo.Telemetry;

/// <summary>
/// Keeps a silo's spans in a file, a batch a line in OTLP's JSON form (https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/), which collectors read. At <see cref="MaxBytes"/> it becomes the
/// file before, and that before it goes.
/// </summary>
internal sealed class TraceFile : BaseExporter<Activity>
{
    /// <summary>Time until a span is in the file, ms.</summary>
    public const int DelayMilliseconds = 500;

    /// <summary>Length of a file.</summary>
    public const long MaxBytes = 64 << 20;

    private readonly string _path;
    private readonly string _before;
    private FileStream _file;

    /// <param name="folder">The folder, made where there is none.</param>
    /// <param name="silo">Names the file.</param>
    /// <exception cref="StartException">It cannot be written there.</exception>
    public TraceFile(string folder, string silo)
    {
        _path = Path.Combine(folder, $"{silo}.jsonl");
        _before = Path.Combine(folder, $"{silo}.before.jsonl");
        try
        {
            Directory.CreateDirectory(folder);
            _file = Open();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"{Settings.TraceFolder} {folder} cannot be written: {e.Message}", e);
        }
    }

    public override ExportResult Export(in Batch<Activity> batch)
    {
        try
        {
            _file.Write(TraceJson.Line(batch, ParentProvider.GetResource()));
            _file.Flush();
            if (_file.Length > MaxBytes)
            {
                _file.Dispose();
                File.Move(_path, _before, overwrite: true);
                _file = Open();
            }

            return ExportResult.Success;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            // What cannot be kept is lost: a full disk stops no silo.
            return ExportResult.Failure;
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _file.Dispose();
        }

        base.Dispose(disposing);
    }

    private FileStream Open() => new(_path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
}
