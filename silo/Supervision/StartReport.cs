using System.Text.Json;
using System.Text.Json.Serialization;

namespace Crescent.Silo.Supervision;

/// <summary>What a silo tells its supervisor: a line of its standard output that begins with <see cref="Mark"/>; all others are its log.</summary>
/// <param name="Stage">How its start went.</param>
/// <param name="Text">For <see cref="SiloStage.Failed"/> why, for <see cref="SiloStage.Ready"/> the addresses of its HTTP, if it has one, parted by semicolons.</param>
/// <param name="Ops">The addresses for those who run the cluster, if it has any, in the same form.</param>
internal sealed record StartReport(SiloStage Stage, string Text = "", string Ops = "")
{
    /// <summary>What the line begins with.</summary>
    public const string Mark = "@crescent ";

    /// <summary>Where it can be asked how it is, as the end of a sentence; empty where it cannot.</summary>
    internal string OpsNote => Ops.Length > 0 ? $", for those who run it on {Ops}" : "";

    /// <summary>Tells the supervisor.</summary>
    public void Send() => Console.Out.WriteLine(ToLine());

    /// <summary>The report as a line.</summary>
    public string ToLine() => Mark + JsonSerializer.Serialize(this, StartReportJson.Default.StartReport);

    /// <summary>The report that a line holds, or null for a line of the log.</summary>
    public static StartReport? Parse(string line)
    {
        if (!line.StartsWith(Mark, StringComparison.Ordinal))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(line.AsSpan(Mark.Length), StartReportJson.Default.StartReport);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>For <see cref="StartReport"/>.</summary>
[JsonSerializable(typeof(StartReport))]
internal sealed partial class StartReportJson : JsonSerializerContext;
