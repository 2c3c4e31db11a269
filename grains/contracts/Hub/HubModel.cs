using System.Globalization;
using System.Text.RegularExpressions;

namespace Crescent.Grains.Contracts.Hub;

/// <summary>A model of a repository: one GGUF file, or the parts of one that is split.</summary>
/// <param name="Name">Name of the file, without <c>.gguf</c> and without the number of a part.</param>
/// <param name="Files">It, or its parts in order.</param>
public sealed partial record HubModel(string Name, IReadOnlyList<HubFile> Files)
{
    // What is taken where nobody says which: as llama-server does.
    private static readonly string[] Usual = ["Q4_K_M", "Q8_0"];

    /// <summary>Length of all files.</summary>
    public long Bytes => Files.Sum(static file => file.Bytes);

    /// <summary>Whether a file is the vision or audio part of a model.</summary>
    public static bool IsProjector(string name) => name.Contains("mmproj", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether it is called by a quantisation: that stands in its name between <c>-</c>, <c>.</c> or <c>_</c>, or is all of it.</summary>
    public bool IsOf(string quantisation)
    {
        for (var at = 0; (at = Name.IndexOf(quantisation, at, StringComparison.OrdinalIgnoreCase)) >= 0; at++)
        {
            var end = at + quantisation.Length;
            if ((at == 0 || Name[at - 1] is '-' or '.' or '_') && (end == Name.Length || Name[end] is '-' or '.'))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The models among a repository's files, in the order of their names; files that are not of a language model are left out, and those that lack a part.</summary>
    public static IReadOnlyList<HubModel> Among(IEnumerable<HubFile> files) => [.. Sets(files).Where(static model => model.Parts == model.Files.Count)];

    /// <summary>Files by their model; not all of them may be there.</summary>
    private static IEnumerable<HubModel> Sets(IEnumerable<HubFile> files) => files
        .Where(static file => FileName().IsMatch(file.Name) && !IsProjector(file.Name))
        .GroupBy(static file => (Folder: Folder(file.Path), Stem: Stem(file.Name), Count: Count(file.Name)))
        .OrderBy(static group => group.Key.Folder + group.Key.Stem, StringComparer.Ordinal)
        .Select(static group => new HubModel(group.Key.Stem, [.. group.OrderBy(static file => file.Name, StringComparer.Ordinal)]));

    /// <summary>The one that a reference means.</summary>
    /// <exception cref="HubException">None or several are.</exception>
    public static HubModel Choose(HubReference reference, IReadOnlyList<HubFile> files)
    {
        if (reference.Quantisation is { } asked && IsProjector(asked))
        {
            throw new HubException($"{reference} is the vision part (mmproj) of a model, which cannot be served", $"Leave it out: {HubReference.Scheme}{reference.Path} is the language model.");
        }

        var models = Among(files);
        if (models.Count == 0)
        {
            CheckParts(reference, files);
            throw new HubException(
                files.Any(static file => IsProjector(file.Name))
                    ? $"{reference.Path} has only the vision part (mmproj) of a model, which cannot be served"
                    : $"{reference.Path} has no GGUF file",
                "Name a repository with GGUF files of a language model; their names mostly end in -GGUF.");
        }

        if (models.FirstOrDefault(model => model.Name.Equals(reference.Quantisation, StringComparison.OrdinalIgnoreCase)) is { } called)
        {
            return called;
        }

        foreach (var quantisation in reference.Quantisation is { } named ? [named] : Usual)
        {
            var found = models.Where(model => model.IsOf(quantisation)).ToList();
            if (found.Count == 1)
            {
                return found[0];
            }

            if (found.Count > 1)
            {
                // A name that is all of what stands before the quantisation's is nearer than one with something behind it: Q4_K_M and Q4_K_M-imat.
                var nearest = found.Where(model => model.Name.EndsWith(quantisation, StringComparison.OrdinalIgnoreCase)).ToList();
                return nearest.Count == 1 ? nearest[0] : throw new HubException($"{reference} can be {Names(found)}", "Say more of the name behind the second colon.");
            }
        }

        if (reference.Quantisation is null && models.Count == 1)
        {
            return models[0];
        }

        CheckParts(reference, files);
        throw new HubException(
            reference.Quantisation is null ? $"{reference.Path} has none of {string.Join(" and ", Usual)}" : $"{reference.Path} has no {reference.Quantisation}",
            $"Name one as {HubReference.Scheme}{reference.Path}:QUANT; it has {Names(models)}.");
    }

    private static string Names(IReadOnlyCollection<HubModel> models) =>
        string.Join(", ", models.Take(32).Select(static model => model.Name)) + (models.Count > 32 ? $" and {models.Count - 32} more" : "");

    /// <summary>How many files there are to be.</summary>
    private int Parts => Count(Files[0].Name);

    /// <exception cref="HubException">What is asked for lacks a part.</exception>
    private static void CheckParts(HubReference reference, IReadOnlyList<HubFile> files)
    {
        if (Sets(files).FirstOrDefault(model => model.Parts != model.Files.Count && (reference.Quantisation is not { } asked || model.IsOf(asked))) is { } broken)
        {
            throw new HubException($"{broken.Name} is split into {broken.Parts} files, of which the repository does not have each once", "Take another quantisation, or another repository of the model.");
        }
    }

    private static int Count(string name) => Part().Match(name) is { Success: true } part ? int.Parse(part.Groups["count"].ValueSpan, CultureInfo.InvariantCulture) : 1;

    private static string Folder(string path) => path[..(path.LastIndexOf('/') + 1)];

    private static string Stem(string name) => Part().Match(name) is { Success: true } part ? name[..part.Index] : name[..^".gguf".Length];

    [GeneratedRegex("-(?<number>[0-9]{5})-of-(?<count>[0-9]{5})\\.gguf$", RegexOptions.CultureInvariant)]
    private static partial Regex Part();

    // Names become names of files here: nothing that leads elsewhere.
    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._+ ()-]{0,199}\\.gguf$", RegexOptions.CultureInvariant)]
    private static partial Regex FileName();
}
